import type { McpHandlerRequestOptions } from '@modelcontextprotocol/server';
import type { OwnerContext } from '../request/owner.ts';
import { peekBody } from '../request/peek-body.ts';
import { type GrantedTasks, grantTasks, type ListenRefusal, refusal, subscriptionLimit } from './listen-grant.ts';
import type { ListenHost } from './listen-host.ts';
import { LISTEN_METHOD, readTaskListen, type TaskListenRequest } from './listen-request.ts';
import { type ListenStream, openListenStream } from './listen-stream.ts';
import { openTaskFeed } from './task-feed.ts';

type Fetch = (request: Request, options?: McpHandlerRequestOptions) => Promise<Response>;

/** Options of {@link listenOverHttp}. */
export interface ListenOverHttpOptions {
  /** Time between two SSE comments while nothing else is sent, as the SDK's `keepAliveMs`; default 15 s, 0 = none. */
  readonly keepAliveMs?: number | undefined;
  /**
   * Open streams with task notifications; one more is refused with -32603. Default 1024, as the SDK's
   * `maxSubscriptions`.
   */
  readonly maxSubscriptions?: number | undefined;
  /** The `maxRequestBodySize` of the SDK handler, in bytes; default the SDK's own. */
  readonly maxRequestBodySize?: number | undefined;
}

/** `fetch` of an SDK handler, able to serve `subscriptions/listen` with `taskIds`. */
export interface ListenOverHttp {
  readonly fetch: Fetch;
  /** End every stream gracefully that carries only task notifications; the SDK ends the others. */
  close(): void;
}

/**
 * Serve `taskIds` of `subscriptions/listen` in front of an SDK handler, which serves all else.
 *
 * The SDK gets the request without `taskIds`, so it checks headers, envelope and filter and serves the other types;
 * the body that it answers is rewritten on its way out.
 *
 * @throws {RangeError} keepAliveMs or maxSubscriptions is negative or not a number.
 * @see SEP-2663, "Task Status Notifications"
 */
export function listenOverHttp(host: ListenHost, next: Fetch, options: ListenOverHttpOptions = {}): ListenOverHttp {
  const { keepAliveMs = 15_000, maxSubscriptions = 1_024, maxRequestBodySize } = options;
  for (const [name, value] of Object.entries({ keepAliveMs, maxSubscriptions })) {
    if (!(value >= 0)) throw new RangeError(`${name} must be 0 or more.`);
  }
  const open = new Set<ListenStream>();
  let deciding = 0;
  let closed = false;

  const decide = async (listen: TaskListenRequest, context: OwnerContext): Promise<GrantedTasks | ListenRefusal> => {
    const refused =
      refusal(listen) ?? (open.size + deciding >= maxSubscriptions ? subscriptionLimit(listen) : undefined);
    if (refused !== undefined) return refused;
    deciding += 1;
    return grantTasks(host, listen, context).finally(() => (deciding -= 1));
  };

  const serve = async (
    listen: TaskListenRequest,
    request: Request,
    requestOptions: McpHandlerRequestOptions | undefined,
  ): Promise<Response> => {
    const response = await next(request, { ...requestOptions, parsedBody: listen.forwarded });
    const { body, status, headers } = response;
    if (body === null || headers.get('content-type')?.startsWith('text/event-stream') !== true) return response;
    const decided = await decide(listen, { request, authInfo: requestOptions?.authInfo });
    if ('message' in decided) {
      await body.cancel();
      return Response.json(decided.message, { status: decided.httpStatus });
    }
    // To a caller who may have no tasks the server is one without tasks.
    if (decided.tasks === undefined) return response;
    const stream = openListenStream({
      listen,
      feed: openTaskFeed(decided.tasks, decided.taskIds, host.clock),
      taskIds: decided.taskIds,
      clock: host.clock,
      keepAliveMs,
      reportError: host.reportError,
      body,
      authInfo: requestOptions?.authInfo,
      signal: request.signal,
      onEnd: () => {
        open.delete(stream);
        decided.leave();
      },
    });
    open.add(stream);
    if (closed) stream.close();
    return new Response(stream.readable, { status, headers });
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
  };
}

/** The SDK refuses a request whose `Mcp-Method` header is not its body's method: no other body need be read here. */
function namesListen(request: Request): boolean {
  return request.method === 'POST' && request.headers.get('mcp-method')?.trim() === LISTEN_METHOD;
}
