import { expect, onTestFinished } from 'vitest';
import { type HttpServerProcess, startEverythingServer } from '../src/testing.ts';

export const REVISION = { 2025: '2025-11-25', 2026: '2026-07-28' } as const;
export type Generation = keyof typeof REVISION;

const TASKS_EXTENSION = 'io.modelcontextprotocol/tasks';

/** Parameters of a request, as wrong as a test wants them. */
export type Params = Readonly<Record<string, unknown>>;

/** A JSON-RPC error. */
export interface WireError {
  readonly code: number;
  readonly message: string;
  readonly data?: unknown;
}

/** A task, or whatever else a result is. Each field is there in those results only whose tests read it. */
export interface WireResult {
  readonly taskId: string;
  readonly status: string;
  readonly task: WireResult;
  readonly tasks: readonly WireResult[];
  readonly nextCursor: string;
  readonly inputRequests: Readonly<Record<string, { readonly method: string; readonly params: Params }>>;
  readonly requestState: string;
  readonly result: WireResult;
  readonly error: WireError;
  readonly content: readonly unknown[];
  readonly messages: readonly {
    readonly role: string;
    readonly content: { readonly type: string; readonly text: string };
  }[];
  readonly prompts: readonly { readonly name: string; readonly arguments?: unknown }[];
  readonly isError?: boolean;
  readonly structuredContent: unknown;
  readonly tools: readonly {
    readonly name: string;
    readonly execution?: { readonly taskSupport: string };
    readonly outputSchema?: unknown;
  }[];
  readonly capabilities: { readonly tasks?: unknown; readonly extensions?: unknown };
  readonly _meta: Readonly<Record<string, unknown>>;
}

/** A message from the server. */
export interface WireMessage {
  readonly id?: string | number | null;
  readonly method?: string;
  readonly params?: { readonly message?: string; readonly _meta?: Params };
  readonly result?: WireResult;
  readonly error?: WireError;
}

/** What came back for one request. */
export interface Answer {
  readonly httpStatus: number;
  readonly headers: Headers;
  readonly text: string;
  /** Read it only where the answer is no error: it is missing else. */
  readonly result: WireResult;
  readonly error: WireError | undefined;
}

/** How a request deviates from that of a well-behaved client with every capability. */
export interface Deviation {
  readonly token?: string | undefined;
  readonly sessionId?: string | undefined;
  /** Client capabilities of this request (2026-07-28). */
  readonly capabilities?: Params;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** Reading a field of a result that did not come fails the test that reads it. */
const NO_RESULT = {} as WireResult;
const CAPABILITIES = { elicitation: {}, sampling: {}, extensions: { [TASKS_EXTENSION]: {} } };
let requests = 0;

/** Start a server for this test; at its end the server must stop without having complained. */
export async function serverOf(environment: Readonly<Record<string, string>> = {}): Promise<HttpServerProcess> {
  const server = await startEverythingServer({ DRAIN_MS: '0', ...environment });
  onTestFinished(async () => {
    expect(await server.stop()).toMatchObject({ exitCode: 0, stderr: '' });
  });
  return server;
}

/** Post a body as it is. */
export function postRaw(
  url: string,
  body: string | Uint8Array<ArrayBuffer>,
  { token, sessionId, headers, signal }: Deviation = {},
): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    body,
    signal: signal ?? null,
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(sessionId !== undefined && { 'mcp-session-id': sessionId }),
      ...headers,
    },
  });
}

/** The message and headers of a request of either generation. */
function framed(generation: Generation, method: string, params: Params, deviation: Deviation) {
  const id = (requests += 1);
  const revision = REVISION[generation];
  if (generation === 2025) {
    return { id, body: { jsonrpc: '2.0', id, method, params }, headers: { 'mcp-protocol-version': revision } };
  }
  const name = method.startsWith('tasks/') ? params['taskId'] : params['name'];
  const envelope = {
    'io.modelcontextprotocol/protocolVersion': revision,
    'io.modelcontextprotocol/clientInfo': { name: 'raw', version: '1' },
    'io.modelcontextprotocol/clientCapabilities': deviation.capabilities ?? CAPABILITIES,
  };
  const body = {
    jsonrpc: '2.0',
    id,
    method,
    params: { ...params, _meta: { ...(params['_meta'] as Params | undefined), ...envelope } },
  };
  const headers = {
    'mcp-protocol-version': revision,
    'mcp-method': method,
    ...(typeof name === 'string' && { 'mcp-name': headerValueOf(name) }),
  };
  return { id, body, headers };
}

/** A value as a header can carry it. @see 2026-07-28, Streamable HTTP, "Value Encoding" */
function headerValueOf(value: string): string {
  const plain = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(value) && !value.startsWith('=?');
  return plain ? value : `=?base64?${Buffer.from(value).toString('base64')}?=`;
}

/** Send a request and read its stream message by message, the response last. */
export async function* stream(
  generation: Generation,
  url: string,
  method: string,
  params: Params = {},
  deviation: Deviation = {},
): AsyncGenerator<WireMessage> {
  const { body, headers } = framed(generation, method, params, deviation);
  const response = await postRaw(url, JSON.stringify(body), {
    ...deviation,
    headers: { ...headers, ...deviation.headers },
  });
  yield* messagesOf(response);
}

/** The JSON-RPC messages of an HTTP answer, as they come. */
export async function* messagesOf(response: Response): AsyncGenerator<WireMessage> {
  if (response.headers.get('content-type')?.startsWith('text/event-stream') !== true) {
    const text = await response.text();
    if (text !== '') yield JSON.parse(text) as WireMessage;
    return;
  }
  let buffer = '';
  const decoder = new TextDecoder();
  const chunks = (response.body ?? []) as AsyncIterable<Uint8Array>;
  for await (const chunk of chunks) {
    buffer += decoder.decode(chunk, { stream: true });
    const events = buffer.split(/\r?\n\r?\n/);
    buffer = events.pop() ?? '';
    for (const event of events) {
      const data = event.split(/\r?\n/).filter((line) => line.startsWith('data:'));
      const json = data.map((line) => line.slice('data:'.length)).join('\n');
      if (json.trim() !== '') yield JSON.parse(json) as WireMessage;
    }
  }
}

/** Send a request and wait for its response. */
export async function request(
  generation: Generation,
  url: string,
  method: string,
  params: Params = {},
  deviation: Deviation = {},
): Promise<Answer> {
  const { id, body, headers } = framed(generation, method, params, deviation);
  const response = await postRaw(url, JSON.stringify(body), {
    ...deviation,
    headers: { ...headers, ...deviation.headers },
  });
  const copy = response.clone();
  let last: WireMessage | undefined;
  for await (const message of messagesOf(response)) if (message.id === id || message.id === null) last = message;
  return {
    httpStatus: response.status,
    headers: response.headers,
    text: await copy.text(),
    result: last?.result ?? NO_RESULT,
    error: last?.error,
  };
}

/** A server seen by one caller of one generation. */
export interface Caller {
  readonly generation: Generation;
  request(method: string, params?: Params, deviation?: Deviation): Promise<Answer>;
  /** Call a tool, asking for a task in 2025-11-25. @returns the task as created */
  startTask(tool: string, args?: Params): Promise<WireResult>;
  /** Poll tasks/get until the status is one of these. @returns the task */
  pollUntil(taskId: string, ...statuses: string[]): Promise<WireResult>;
}

const POLL_MS = 20;

/** Talk to a server as one caller. */
export function callerOf(generation: Generation, url: string, base: Deviation = {}): Caller {
  const caller: Caller = {
    generation,
    request: (method, params, deviation) => request(generation, url, method, params, { ...base, ...deviation }),
    startTask: async (tool, args = {}) => {
      const task = generation === 2025 ? { task: {} } : {};
      const { result, error } = await caller.request('tools/call', { name: tool, arguments: args, ...task });
      expect(error).toBeUndefined();
      const created = generation === 2025 ? result.task : result;
      expect(created.taskId).toEqual(expect.any(String));
      return created;
    },
    pollUntil: async (taskId, ...statuses) => {
      for (;;) {
        const { result, error } = await caller.request('tasks/get', { taskId });
        expect(error).toBeUndefined();
        if (statuses.includes(result.status)) return result;
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      }
    },
  };
  return caller;
}

export const GENERATIONS: readonly Generation[] = [2025, 2026];
export const TERMINAL = ['completed', 'failed', 'cancelled'] as const;
