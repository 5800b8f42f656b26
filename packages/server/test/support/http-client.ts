import {
  CLIENT_CAPABILITIES_META_KEY,
  type JsonObject,
  type JsonRpcError,
  TASKS_EXTENSION_CAPABILITY_2026,
} from '@mcp-tasks/wire';
import type { AuthInfo, McpHttpHandler } from '@modelcontextprotocol/server';

/** Everything that one POST was answered with. */
export interface HttpReply {
  readonly status: number;
  readonly result: JsonObject | undefined;
  readonly error: JsonRpcError | undefined;
  /** What came on the stream before the answer. */
  readonly before: readonly JsonObject[];
}

/** A request whose answer is read message by message. */
export interface HttpStream {
  readonly status: number;
  /** The next message; undefined at the end. */
  next(): Promise<JsonObject | undefined>;
  /** Leave, as a client does that goes away. */
  leave(): Promise<void>;
}

/** How an HTTP client differs from the plain one. */
export interface HttpClientOptions {
  readonly generation: '2025-11-25' | '2026-07-28';
  readonly authInfo?: AuthInfo | undefined;
  /** What a 2026-07-28 client declares; default: forms, sampling and the tasks extension. */
  readonly capabilities?: JsonObject | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

export const TASK_CAPABILITIES: JsonObject = {
  elicitation: { form: {} },
  sampling: {},
  extensions: TASKS_EXTENSION_CAPABILITY_2026,
};

/** A client that speaks raw JSON-RPC to the `fetch` of a handler. */
export class HttpClient {
  readonly #handler: Pick<McpHttpHandler, 'fetch'>;
  readonly #options: HttpClientOptions;
  #lastId = 0;

  constructor(handler: Pick<McpHttpHandler, 'fetch'>, options: HttpClientOptions) {
    this.#handler = handler;
    this.#options = options;
  }

  /** Send a request and read all of its answer. */
  async request(method: string, params: JsonObject = {}, signal?: AbortSignal): Promise<HttpReply> {
    const stream = await this.open(method, params, signal);
    const messages: JsonObject[] = [];
    for (let message = await stream.next(); message !== undefined; message = await stream.next())
      messages.push(message);
    const answer = messages.findLast((message) => 'result' in message || 'error' in message);
    return {
      status: stream.status,
      result: answer?.['result'] as JsonObject | undefined,
      error: answer?.['error'] as JsonRpcError | undefined,
      before: messages.filter((message) => message !== answer),
    };
  }

  /** The result of a request. @throws {Error} it was answered with an error. */
  async result(method: string, params: JsonObject = {}): Promise<JsonObject> {
    const { result, error } = await this.request(method, params);
    if (result === undefined) throw new Error(`${method}: ${JSON.stringify(error)}`);
    return result;
  }

  /** Send a request and read its answer as it comes. */
  async open(method: string, params: JsonObject = {}, signal?: AbortSignal): Promise<HttpStream> {
    const { message, headers } = this.compose(method, params);
    return readStream(await this.post(message, { headers, signal }));
  }

  /** A request as it would be sent. */
  compose(method: string, params: JsonObject = {}): { message: JsonObject; headers: Record<string, string> } {
    const message = { jsonrpc: '2.0', id: ++this.#lastId, method, params: this.#withEnvelope(params) };
    return { message, headers: this.#routing(method, params) };
  }

  /** POST any body; a string goes out as it is. */
  async post(
    body: unknown,
    options: {
      readonly headers?: Readonly<Record<string, string>>;
      readonly signal?: AbortSignal | undefined;
      readonly parsedBody?: unknown;
    } = {},
  ): Promise<Response> {
    const { headers = {}, signal = null, parsedBody } = options;
    const request = new Request('http://localhost/mcp', {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        ...this.#options.headers,
        ...headers,
      },
      body: typeof body === 'string' ? body : JSON.stringify(body),
      signal,
    });
    const { authInfo } = this.#options;
    return this.#handler.fetch(request, {
      ...(authInfo !== undefined && { authInfo }),
      ...(parsedBody !== undefined && { parsedBody }),
    });
  }

  #withEnvelope(params: JsonObject): JsonObject {
    if (this.#options.generation === '2025-11-25') return params;
    const envelope = {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientInfo': { name: 'raw', version: '0.0.0' },
      [CLIENT_CAPABILITIES_META_KEY]: this.#options.capabilities ?? TASK_CAPABILITIES,
    };
    return { ...params, _meta: { ...(params['_meta'] as JsonObject | undefined), ...envelope } };
  }

  #routing(method: string, { name, taskId }: JsonObject): Record<string, string> {
    if (this.#options.generation === '2025-11-25') return { 'mcp-protocol-version': '2025-11-25' };
    const target = name ?? taskId;
    return {
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': method,
      ...(typeof target === 'string' && { 'mcp-name': target }),
    };
  }
}

/** Read an answer message by message, whether it is one or a stream. */
export async function readStream(response: Response): Promise<HttpStream> {
  const { status } = response;
  if (response.headers.get('content-type')?.startsWith('text/event-stream') !== true) {
    const text = await response.text();
    const messages = text === '' ? [] : [JSON.parse(text) as JsonObject];
    return { status, next: async () => messages.shift(), leave: async () => undefined };
  }
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let buffer = '';
  const next = async (): Promise<JsonObject | undefined> => {
    for (;;) {
      const [frame, ...rest] = buffer.split('\n\n');
      if (frame !== undefined && rest.length > 0) {
        buffer = rest.join('\n\n');
        const data = /^data: (.*)$/m.exec(frame)?.[1];
        if (data !== undefined && data !== '') return JSON.parse(data) as JsonObject;
        continue;
      }
      const read = await reader?.read();
      if (read === undefined || read.done) return undefined;
      buffer += read.value;
    }
  };
  return { status, next, leave: async () => reader?.cancel() };
}
