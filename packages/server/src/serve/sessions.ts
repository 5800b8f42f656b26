import { randomUUID } from 'node:crypto';
import type { Tasks } from '@mcp-tasks/runner';
import { servesOtherOwners } from '@mcp-tasks/runner/engine';
import { checkOptions, JSON_RPC_ERROR, option, type OptionTableOf } from '@mcp-tasks/wire';
import {
  isInitializeRequest,
  isLegacyRequest,
  type McpHandlerRequestOptions,
  type McpHttpHandler,
  type McpServer,
  WebStandardStreamableHTTPServerTransport,
} from '@modelcontextprotocol/server';
import { sessionCaller } from '../request/owner.ts';
import { peekBody } from '../request/peek-body.ts';
import { createHost, TASK_SERVER_OPTIONS, type TaskHost, type TaskServerOptions } from '../request/task-host.ts';
import { refuse, refuseFor, sessionNotFound } from '../transport/session-guard.ts';
import { checkFactory, makeServer, type ServerFactory } from './make-server.ts';

/** How sessions are kept. */
export interface SessionLimits {
  /** Open sessions in this process, from 1; one more closes the oldest of the caller who has most. Default 1,000. */
  readonly maxSessions?: number | undefined;
  /** Time between two comments on a stream while nothing else is sent, in milliseconds; default the SDK's, 0 = none. */
  readonly keepAliveMs?: number | undefined;
  /** The SDK's limit for the body of a request, in bytes; default the SDK's. */
  readonly maxRequestBodySize?: number | undefined;
}

/**
 * Options of {@link withSessions}.
 *
 * @example
 * const options: WithSessionsOptions = { maxSessions: 200, keepAliveMs: 10_000 };
 * const handler = withSessions(tasks, createMcpHandler(() => mcp, { legacy: 'reject' }), () => mcp, options);
 */
export interface WithSessionsOptions extends TaskServerOptions, SessionLimits {}

const WITH_SESSIONS_OPTIONS: OptionTableOf<WithSessionsOptions> = {
  ...TASK_SERVER_OPTIONS,
  maxSessions: option.integer(1),
  keepAliveMs: option.integer(0),
  maxRequestBodySize: option.integer(0),
};

interface Session {
  readonly transport: WebStandardStreamableHTTPServerTransport;
  readonly caller: string;
}

const MAX_SESSIONS = 1_000;
const PARSE_ERROR = -32_700;
const BAD_REQUEST = -32_000;

/**
 * Serve 2025-11-25 clients with sessions, one server and one transport of the SDK for each, in front of a handler that
 * serves all else.
 *
 * Make that handler with `legacy: 'reject'`. `factory` is called once for each session, and its server gets the tasks.
 * A session is open to its opener alone and lives in this process: behind a load balancer, requests must be routed by
 * `Mcp-Session-Id`. Closing the handler that this returns closes the sessions, and then the handler in front of which
 * they stand.
 *
 * `serveTasks(...).http({ legacy: 'sessions' })` is this for a handler of its own.
 *
 * @throws {TypeError} an option has the wrong type. @throws {RangeError} `maxSessions` is not a whole number from 1.
 * @throws {TaskError} COPIES_MIXED - `tasks` comes from another copy of its package.
 *
 * @example
 * const createServer = () => {
 *   const server = new McpServer({ name: 'reports', version: '1.0.0' });
 *   attach(tasks, server);
 *   return server;
 * };
 * const modern = wrapHandler(tasks, createMcpHandler(createServer, { legacy: 'reject' }));
 * export default withSessions(tasks, modern, createServer);
 */
export function withSessions(
  tasks: Tasks,
  handler: McpHttpHandler,
  factory: ServerFactory,
  options: WithSessionsOptions = {},
): McpHttpHandler {
  checkFactory('withSessions', factory);
  checkOptions('withSessions', options, WITH_SESSIONS_OPTIONS);
  const host = createHost(tasks, options);
  return withSessionsOf(host, handler, (context) => makeServer(host, factory, context), options);
}

/** {@link withSessions} for a host that exists, and a factory whose servers are attached to it. */
export function withSessionsOf(
  host: TaskHost,
  handler: McpHttpHandler,
  factory: ServerFactory,
  limits: SessionLimits,
): McpHttpHandler {
  servesOtherOwners(host.tasks);
  const sessions = new Sessions(host, factory, limits);
  const { maxRequestBodySize } = limits;
  return {
    async fetch(request, options) {
      const body =
        options?.parsedBody ?? (request.method === 'POST' ? await peekBody(request, maxRequestBodySize) : undefined);
      const withBody = body === undefined ? options : { ...options, parsedBody: body };
      const legacy = await isLegacyRequest(
        request,
        body,
        maxRequestBodySize === undefined ? {} : { maxRequestBodySize },
      );
      return legacy ? sessions.serve(request, withBody) : handler.fetch(request, withBody);
    },
    notify: handler.notify,
    bus: handler.bus,
    async close() {
      await sessions.close();
      await handler.close();
    },
  };
}

class Sessions {
  readonly #host: TaskHost;
  readonly #factory: ServerFactory;
  readonly #limits: SessionLimits;
  readonly #maxSessions: number;
  /** By id, oldest first. */
  readonly #open = new Map<string, Session>();
  #isClosed = false;

  constructor(host: TaskHost, factory: ServerFactory, limits: SessionLimits) {
    const { maxSessions = MAX_SESSIONS } = limits;
    this.#host = host;
    this.#factory = factory;
    this.#limits = limits;
    this.#maxSessions = maxSessions;
  }

  /** Serve one request of a session, or open one. */
  async serve(request: Request, options: McpHandlerRequestOptions | undefined): Promise<Response> {
    const id = request.headers.get('mcp-session-id');
    const body = options?.parsedBody;
    if (id !== null) return this.#open.get(id)?.transport.handleRequest(request, options) ?? sessionNotFound();
    if (request.method === 'POST' && body === undefined) return refuse(400, PARSE_ERROR, 'Parse error: Invalid JSON');
    if (![body].flat().some(isInitializeRequest)) {
      return refuse(400, BAD_REQUEST, 'Bad Request: Mcp-Session-Id header is required');
    }
    if (this.#isClosed) return refuse(503, BAD_REQUEST, 'The server is closing');
    return this.#begin(request, options).catch((error: unknown) => refuseFor(error, this.#host));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#open.values()].map(({ transport }) => transport.close()));
  }

  async #begin(request: Request, options: McpHandlerRequestOptions | undefined): Promise<Response> {
    const authInfo = options?.authInfo;
    const context = { request, authInfo };
    const caller = sessionCaller(this.#host.ownerOf(context), context);
    const { keepAliveMs, maxRequestBodySize } = this.#limits;
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: () => randomUUID(),
      onsessioninitialized: async (id) => {
        this.#open.set(id, { transport, caller });
        if (this.#open.size > this.#maxSessions) await this.#oldestOfMost()?.transport.close();
      },
      ...(keepAliveMs !== undefined && { keepAliveMs }),
      ...(maxRequestBodySize !== undefined && { maxRequestBodySize }),
    });
    transport.onclose = () => {
      if (transport.sessionId !== undefined) this.#open.delete(transport.sessionId);
    };
    let mcp: McpServer;
    try {
      mcp = await this.#factory({ era: 'legacy', requestInfo: request, ...(authInfo !== undefined && { authInfo }) });
    } catch {
      // The host was told by `makeServer`.
      return refuse(500, JSON_RPC_ERROR.INTERNAL_ERROR, 'Internal error');
    }
    await mcp.connect(transport);
    const response = await transport.handleRequest(request, options);
    if (transport.sessionId === undefined || this.#isClosed) await transport.close();
    return response;
  }

  /** The oldest session of the caller who has most, so that a caller with many ends none of another's. */
  #oldestOfMost(): Session | undefined {
    const byCaller = new Map<string, Session[]>();
    for (const session of this.#open.values()) {
      const own = byCaller.get(session.caller);
      if (own === undefined) byCaller.set(session.caller, [session]);
      else own.push(session);
    }
    const [most] = [...byCaller.values()].sort((one, other) => other.length - one.length);
    return most?.[0];
  }
}
