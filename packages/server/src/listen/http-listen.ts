import { readRequestBody, type AuthInfo, type McpHandlerRequestOptions } from '@modelcontextprotocol/server';
import { grantTasks, refusal, subscriptionLimit, type ListenRefusal } from './listen-grant.ts';
import type { ListenHost } from './listen-host.ts';
import { LISTEN_METHOD, readTaskListen, type TaskListenRequest } from './listen-request.ts';
import { openListenStream, type ListenStream } from './listen-stream.ts';

type Fetch = (request: Request, options?: McpHandlerRequestOptions) => Promise<Response>;

/** Options of {@link listenOverHttp}. */
export interface ListenOverHttpOptions {
  /** Time between two SSE comments while nothing else is sent, as the SDK's `keepAliveMs`; default 15 s, 0 = none. */
  readonly keepAliveMs?: number | undefined;
  /** Open streams with task notifications; one more is refused with -32603. Default 1024, as the SDK's `maxSubscriptions`. */
  readonly maxStreams?: number | undefined;
  /** The `maxRequestBodySize` of the SDK handler, in bytes; default the SDK's own. */
  readonly maxRequestBodySize?: number | undefined;
}

/** `fetch` of an SDK handler, able to serve `subscriptions/listen` with `taskIds`. */
export interface ListenOverHttp {
  readonly fetch: Fetch;
  /** End every stream gracefully that carries only task notifications; the SDK ends the others. */
  close(): void;
  /** How many streams with task notifications are open. */
  readonly openStreams: number;
}

/**
 * Serve `taskIds` of `subscriptions/listen` in front of an SDK handler, which serves all else.
 *
 * The SDK gets the request without `taskIds`, so it checks headers, envelope and filter and serves the other types;
 * the body that it answers is rewritten on its way out.
 *
 * @throws {RangeError} keepAliveMs or maxStreams is negative or not a number.
 * @see SEP-2663, "Task Status Notifications"
 */
export function listenOverHttp(host: ListenHost, next: Fetch, options: ListenOverHttpOptions = {}): ListenOverHttp {
  const { keepAliveMs = 15_000, maxStreams = 1_024, maxRequestBodySize } = options;
  for (const [name, value] of Object.entries({ keepAliveMs, maxStreams })) {
    if (!(value >= 0)) throw new RangeError(`${name} must be 0 or more`);
  }
  const open = new Set<ListenStream>();
  let reserved = 0;
  let closed = false;

  const openStream = async (
    listen: TaskListenRequest,
    request: Request,
    { body, authInfo }: { readonly body: ReadableStream<Uint8Array>; readonly authInfo: AuthInfo | undefined },
  ): Promise<ListenStream | ListenRefusal> => {
    const refused = refusal(listen) ?? (open.size + reserved >= maxStreams ? subscriptionLimit(listen) : undefined);
    if (refused !== undefined) return refused;
    reserved += 1;
    const granted = await grantTasks(host, listen, { authInfo, request }).finally(() => (reserved -= 1));
    if ('message' in granted) return granted;
    const stream = openListenStream({
      id: listen.id,
      granted,
      clock: host.clock,
      keepAliveMs,
      body,
      signal: request.signal,
      onEnd: () => open.delete(stream),
    });
    open.add(stream);
    if (closed) stream.close();
    return stream;
  };

  const serve = async (
    listen: TaskListenRequest,
    request: Request,
    requestOptions: McpHandlerRequestOptions | undefined,
  ): Promise<Response> => {
    const response = await next(request, { ...requestOptions, parsedBody: listen.forwarded });
    const { body, status, headers } = response;
    if (body === null || headers.get('content-type')?.startsWith('text/event-stream') !== true) return response;
    const stream = await openStream(listen, request, { body, authInfo: requestOptions?.authInfo });
    if ('readable' in stream) return new Response(stream.readable, { status, headers });
    await body.cancel();
    return Response.json(stream.message, { status: stream.httpStatus });
  };

  return {
    async fetch(request, requestOptions) {
      if (!namesListen(request)) return next(request, requestOptions);
      const body = requestOptions?.parsedBody ?? (await peekBody(request, maxRequestBodySize));
      const listen = readTaskListen(body);
      return listen === undefined ? next(request, requestOptions) : serve(listen, request, requestOptions);
    },
    close() {
      closed = true;
      for (const stream of open) stream.close();
    },
    get openStreams() {
      return open.size;
    },
  };
}

/** The SDK refuses a request whose `Mcp-Method` header is not its body's method: no other body need be read here. */
function namesListen(request: Request): boolean {
  return request.method === 'POST' && request.headers.get('mcp-method')?.trim() === LISTEN_METHOD;
}

/** Read a copy of the body; what is too large, cut off or no JSON is left for the SDK to refuse. */
async function peekBody(request: Request, maxBytes: number | undefined): Promise<unknown> {
  if (request.bodyUsed) return undefined;
  try {
    const read = await readRequestBody(request.clone(), maxBytes);
    return read.tooLarge ? undefined : (JSON.parse(read.text) as unknown);
  } catch {
    return undefined;
  }
}
