import type { JSONRPCMessage, RequestId, Transport } from '@modelcontextprotocol/server';
import { aroundTransport } from './around-transport.ts';
import { bodyExchange, type Exchange, isServerResponse, nodeExchange, outletOfExchange } from './exchange.ts';
import { Outlet } from './outlet.ts';

/** The streams of one transport to its client. */
export interface Outlets {
  /** The stream on which messages that belong to this request go out, or those that belong to none. */
  of(requestId: RequestId | undefined): Outlet;
}

type Handle = (...parameters: unknown[]) => Promise<unknown>;

/** The methods by which an HTTP request reaches a transport of the SDK. */
type HttpTransport = Transport & { handleRequest?: Handle; handleMessage?: Handle };

const NO_READER = new Outlet();

/**
 * Look at how far the readers of a transport's streams are, without the SDK's help, which hands every message to a
 * queue that has no end.
 *
 * Over HTTP every exchange has a stream: bodies are pulled through here, and of Node.js it is the response that tells
 * when it has drained. Any other transport has one stream, and its `send` resolves when that takes more.
 */
export function watchOutlets(transport: HttpTransport): Outlets {
  const isHttp = transport.handleRequest !== undefined || transport.handleMessage !== undefined;
  return isHttp ? httpOutlets(transport) : connectionOutlet(transport);
}

function connectionOutlet(transport: Transport): Outlets {
  const outlet = new Outlet();
  outlet.opened();
  aroundTransport(transport, {
    receive: (next) => next,
    send: (send) => (message, options) => counted(outlet, message, () => send(message, options), true),
    closed: () => {
      outlet.closed();
    },
  });
  return { of: () => outlet };
}

function httpOutlets(transport: HttpTransport): Outlets {
  const byRequest = new WeakMap<object, Outlet>();
  const byId = new Map<RequestId, Outlet>();
  let standalone = NO_READER;
  /** Of a message that is being handed over. */
  let present: Outlet | undefined;

  const forget = (outlet: Outlet): void => {
    for (const [id, ofRequest] of byId) if (ofRequest === outlet) byId.delete(id);
    if (standalone === outlet) standalone = NO_READER;
  };
  const { handleMessage, handleRequest } = transport;
  if (handleMessage !== undefined) {
    transport.handleMessage = async (...parameters) => {
      const exchange = bodyExchange({});
      let answering: Promise<unknown>;
      present = exchange.outlet;
      try {
        // The message is handed over before this returns.
        answering = handleMessage.apply(transport, parameters);
      } finally {
        present = undefined;
      }
      return exchange.through(await answering);
    };
  }
  if (handleRequest !== undefined) {
    transport.handleRequest = async (...parameters) => {
      const [request, response] = parameters as [{ readonly method?: string }, unknown];
      const listener = {
        // A GET that is refused opens no stream.
        onOpen: () => {
          if (request.method === 'GET') standalone = exchange.outlet;
        },
        onClose: () => {
          forget(exchange.outlet);
        },
      };
      const exchange: Exchange = isServerResponse(response) ? nodeExchange(response, listener) : bodyExchange(listener);
      byRequest.set(request, exchange.outlet);
      return exchange.through(await exchange.run(() => handleRequest.apply(transport, parameters)));
    };
  }

  aroundTransport(transport, {
    receive: (deliver) => (message, extra) => {
      if ('method' in message && 'id' in message) {
        const ofRequest = extra?.request === undefined ? undefined : byRequest.get(extra.request);
        const outlet = present ?? ofRequest ?? outletOfExchange();
        if (outlet !== undefined) byId.set(message.id, outlet);
      } else if ('method' in message && message.method === 'notifications/cancelled') {
        byId.delete(message.params?.['requestId'] as RequestId);
      }
      deliver(message, extra);
    },
    send: (send) => (message, options) => {
      const answers = 'method' in message ? undefined : message.id;
      const id = answers ?? options?.relatedRequestId;
      const outlet = outlets.of(id);
      if (answers !== undefined) byId.delete(answers);
      return counted(outlet, message, () => send(message, options), false);
    },
    closed: () => {
      byId.clear();
    },
  });
  const outlets: Outlets = {
    of: (requestId) => (requestId === undefined ? standalone : (byId.get(requestId) ?? NO_READER)),
  };
  return outlets;
}

/** @param isTakenWhenSent - `send` resolves when the reader takes more. */
async function counted(
  outlet: Outlet,
  message: JSONRPCMessage,
  send: () => Promise<void>,
  isTakenWhenSent: boolean,
): Promise<void> {
  outlet.sent(message);
  try {
    await send();
    if (isTakenWhenSent) outlet.taken();
  } catch (error) {
    outlet.taken();
    throw error;
  }
}
