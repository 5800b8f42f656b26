/**
 * A tap on a transport: every open request has a slot, by its JSON-RPC id, which may replace the answer, hear that it
 * went out, or hear that the client gave the request up. A cancelled request loses its slot, and nothing is sent for
 * it. See 2025-11-25, Cancellation, "Behavior Requirements".
 */
import type {
  JSONRPCRequest,
  JSONRPCResponse,
  MessageExtraInfo,
  RequestId,
  Transport,
} from '@modelcontextprotocol/server';
import { aroundTransport } from './around-transport.ts';
import { asInvalidParams } from './invalid-params.ts';

/** The place of a request on its connection, from its arrival until it is answered or given up. */
export interface ResponseSlot {
  /**
   * Make the message that is sent instead of the SDK's answer; a promise, which never rejects, holds up this answer and
   * no other message.
   */
  rewrite?(response: JSONRPCResponse): JSONRPCResponse | Promise<JSONRPCResponse>;
  /** Called once the answer is out. */
  answered?(): void;
  /** Called when the client no longer waits for the answer: it gave the request up, or the connection is closed. */
  abandoned?(): void;
}

/** Route of a request that comes in. */
export type Inbound<Slot extends ResponseSlot> =
  /** The SDK gets the request, or the one that stands for it. */
  | { readonly forward: JSONRPCRequest; readonly slot?: Slot }
  /** The SDK never sees it. */
  | { readonly answer: JSONRPCResponse }
  /** As well, and the answer takes its time: it is sent unless the request is given up before. */
  | { readonly answering: Promise<JSONRPCResponse>; readonly slot: Slot }
  /** The route takes its time; the slot is that of the request until then. It never rejects. */
  | { readonly deciding: Promise<Inbound<Slot>>; readonly slot: Slot };

/** Who looks at what goes over a connection. */
export interface ConnectionTap<Slot extends ResponseSlot> {
  request(request: JSONRPCRequest, extra: MessageExtraInfo | undefined): Inbound<Slot>;
  /** @returns whether the response was meant for us; the SDK then never sees it. */
  response(response: JSONRPCResponse, extra: MessageExtraInfo | undefined): boolean;
  closed(): void;
}

/** Look at the messages of a transport, and give every open request a slot, by its JSON-RPC id. */
export function tapTransport<Slot extends ResponseSlot>(
  transport: Transport,
  tap: ConnectionTap<Slot>,
): ReadonlyMap<RequestId, Slot> {
  const slots = new Map<RequestId, Slot>();
  const failed = (error: unknown): void => transport.onerror?.(error as Error);
  const abandon = (id: RequestId): void => {
    slots.get(id)?.abandoned?.();
    slots.delete(id);
  };
  aroundTransport(transport, {
    send: (send) => (sent, options) => {
      if ('method' in sent || sent.id === undefined) return send(sent, options);
      const message = 'error' in sent ? asInvalidParams(sent) : sent;
      if (message.id === undefined) return send(message, options);
      const slot = slots.get(message.id);
      if (slot === undefined) return send(message, options);
      slots.delete(message.id);
      const answer = slot.rewrite?.(message) ?? message;
      const sending =
        answer instanceof Promise ? answer.then((rewritten) => send(rewritten, options)) : send(answer, options);
      return slot.answered === undefined ? sending : sending.then(() => slot.answered?.());
    },
    receive: (deliver) => (message, extra) => {
      if (!('method' in message)) {
        if (!tap.response(message, extra)) deliver(message, extra);
        return;
      }
      if (!('id' in message)) {
        // The SDK answers no request that was cancelled.
        if (message.method === 'notifications/cancelled') abandon(message.params?.['requestId'] as RequestId);
        deliver(message, extra);
        return;
      }
      const { id } = message;
      const route = (inbound: Inbound<Slot>): void => {
        if ('answer' in inbound) {
          transport.send(inbound.answer).catch(failed);
          return;
        }
        if (inbound.slot !== undefined) slots.set(id, inbound.slot);
        if ('answering' in inbound) {
          const { answering, slot } = inbound;
          answering.then((answer) => (slots.get(id) === slot ? transport.send(answer) : undefined)).catch(failed);
        } else if ('deciding' in inbound) {
          const { deciding, slot } = inbound;
          const decided = (next: Inbound<Slot>): void => {
            // Meanwhile the client may have given it up.
            if (slots.get(id) !== slot) return;
            slots.delete(id);
            route(next);
          };
          deciding.then(decided).catch(failed);
        } else {
          deliver(inbound.forward, extra);
        }
      };
      route(tap.request(message, extra));
    },
    closed: () => {
      for (const id of slots.keys()) abandon(id);
      tap.closed();
    },
  });
  return slots;
}
