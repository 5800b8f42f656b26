import { JSON_RPC_ERROR, type JsonObject, type JsonValue, ProtocolFailure } from '@mcp-tasks/wire';
import type { JSONRPCMessage, JSONRPCRequest, RequestId, Transport } from '@modelcontextprotocol/server';

/** A notification from the server. */
export interface ReceivedNotification {
  readonly method: string;
  readonly params: JsonObject;
}

/** Answers a request from the server with its result; a throw answers it with an error. */
export type AnswerRequest = (method: string, params: JsonObject) => Promise<JsonObject>;

interface Pending {
  readonly resolve: (result: JsonObject) => void;
  readonly reject: (error: unknown) => void;
}

/** Plain JSON-RPC over a transport of the SDK. */
export class WireClient {
  /** Everything that the server sent unasked, in the order of its arrival. */
  readonly notifications: ReceivedNotification[] = [];
  readonly #transport: Transport;
  readonly #answer: AnswerRequest;
  readonly #pending = new Map<RequestId, Pending>();
  readonly #listeners = new Set<(notification: ReceivedNotification) => void>();
  #lastId = 0;

  constructor(transport: Transport, answer: AnswerRequest) {
    this.#transport = transport;
    this.#answer = answer;
  }

  async open(): Promise<void> {
    this.#transport.onmessage = (message) => {
      // As over a wire: what comes in is a copy.
      this.#receive(structuredClone(message));
    };
    this.#transport.onclose = () => {
      for (const { reject } of this.#pending.values()) reject(new TypeError('The connection is closed.'));
      this.#pending.clear();
    };
    await this.#transport.start();
  }

  /** Send a request. @throws {ProtocolFailure} the server answered with an error. */
  async request(method: string, params: JsonObject): Promise<JsonObject> {
    const id = ++this.#lastId;
    const answered = new Promise<JsonObject>((resolve, reject) => this.#pending.set(id, { resolve, reject }));
    await this.#send({ jsonrpc: '2.0', id, method, params });
    return answered;
  }

  /** Send a notification. */
  notify(method: string, params: JsonObject): Promise<void> {
    return this.#send({ jsonrpc: '2.0', method, params });
  }

  /** Hear of every notification from now on. @returns stops. */
  listen(listener: (notification: ReceivedNotification) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): Promise<void> {
    return this.#transport.close();
  }

  #send(message: object): Promise<void> {
    return this.#transport.send(structuredClone(message) as JSONRPCMessage);
  }

  #receive(message: JSONRPCMessage): void {
    if (!('method' in message)) {
      this.#settle(message);
    } else if ('id' in message) {
      void this.#answerTo(message);
    } else {
      const notification = { method: message.method, params: (message.params ?? {}) as JsonObject };
      this.notifications.push(notification);
      for (const listener of this.#listeners) listener(notification);
    }
  }

  #settle(response: Exclude<JSONRPCMessage, { method: string }>): void {
    const pending = response.id === undefined ? undefined : this.#pending.get(response.id);
    if (response.id === undefined || pending === undefined) return;
    this.#pending.delete(response.id);
    if ('result' in response) {
      pending.resolve(response.result as JsonObject);
      return;
    }
    const { code, message, data } = response.error;
    pending.reject(new ProtocolFailure(code, message, data as JsonValue | undefined));
  }

  async #answerTo({ id, method, params }: JSONRPCRequest): Promise<void> {
    try {
      await this.#send({ jsonrpc: '2.0', id, result: await this.#answer(method, (params ?? {}) as JsonObject) });
    } catch (error) {
      const { code, message } = ProtocolFailure.is(error)
        ? error
        : { code: JSON_RPC_ERROR.INTERNAL_ERROR, message: String(error) };
      await this.#send({ jsonrpc: '2.0', id, error: { code, message } });
    }
  }
}
