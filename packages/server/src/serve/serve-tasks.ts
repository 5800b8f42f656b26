import type { Tasks } from '@mcp-tasks/runner';
import {
  createMcpHandler,
  type CreateMcpHandlerOptions,
  type McpHttpHandler,
  type McpRequestContext,
  type McpServer,
} from '@modelcontextprotocol/server';
import {
  serveStdio,
  type ServeStdioOptions,
  type StdioServerHandle,
  StdioServerTransport,
} from '@modelcontextprotocol/server/stdio';
import { createHost, type TaskServerOptions } from '../request/task-host.ts';
import { aroundTransport } from '../transport/around-transport.ts';
import { attachHost } from './attach.ts';
import { withSessionsOf } from './sessions.ts';
import { wrapHandlerOf } from './wrap-handler.ts';
import { wrapTransportOf } from './wrap-transport.ts';

/**
 * Options of {@link serveTasks}.
 *
 * @example
 * const options: ServeTasksOptions = { anonymous: 'allow', drainMs: 10_000 };
 * const app = serveTasks(tasks, () => new McpServer({ name: 'reports', version: '1.0.0' }), options);
 */
export interface ServeTasksOptions extends TaskServerOptions {
  /** How long `close` lets runs go on, in milliseconds; default that of `tasks.close`. */
  readonly drainMs?: number | undefined;
}

/**
 * Options of {@link TaskApp.http}: the SDK's, and a third way to serve 2025-11-25.
 *
 * @example
 * const options: TaskHttpOptions = { legacy: 'sessions', maxSessions: 200 };
 * export default serveTasks(tasks, () => mcp).http(options);
 */
export interface TaskHttpOptions extends Omit<CreateMcpHandlerOptions, 'legacy'> {
  /**
   * How 2025-11-25 clients are served: each request by itself (`stateless`, the default), not at all (`reject`), or
   * with a session for each client, which lives in this process (`sessions`: see {@link withSessions}).
   */
  readonly legacy?: CreateMcpHandlerOptions['legacy'] | 'sessions';
  /**
   * With `legacy: 'sessions'`: open sessions at once, from 1; one more closes the oldest of the caller who has most.
   * Default 1,000.
   */
  readonly maxSessions?: number | undefined;
}

/** A connection over standard input and output. */
export interface StdioConnection extends StdioServerHandle {
  /** Resolves when the connection is over: the client closed its end, or `close` was called. */
  readonly closed: Promise<void>;
}

/** A server with tasks, for HTTP, stdio, or both. */
export interface TaskApp extends AsyncDisposable {
  /** Resolves when the store is open and recovery has begun. Rejects as `tasks.start` does. */
  readonly started: Promise<void>;
  /**
   * The SDK's HTTP handler, with its options, for clients of both generations; 2025-11-25 without sessions unless they
   * are asked for.
   */
  http(options?: TaskHttpOptions): McpHttpHandler;
  /** Serve standard input and output (or `options.transport`) until the client closes its end. */
  stdio(options?: ServeStdioOptions): StdioConnection;
  /**
   * Let runs finish for `drainMs`, close what `tasks` opened, then end what waits and close every handler and
   * connection.
   * Calling it again waits for the same.
   */
  close(options?: { readonly drainMs?: number | undefined }): Promise<void>;
}

/**
 * Serve the tools of a task layer to clients of both protocol generations.
 *
 * `factory` makes the SDK's server, with tools, prompts and resources of its own if it likes: for each HTTP request,
 * and for each connection over stdio. The first use starts `tasks`: its store, its recovery, its sweep. A request that
 * comes while the store cannot be opened is answered -32603, and the next one tries again.
 *
 * @throws {TypeError} an option has the wrong type. @throws {RangeError} `drainMs` is not a whole number from 0.
 * @throws {TaskError} COPIES_MIXED - `tasks` comes from another copy of its package.
 *
 * @example
 * const app = serveTasks(tasks, () => new McpServer({ name: 'reports', version: '1.0.0' }));
 * export default app.http();
 */
export function serveTasks(
  tasks: Tasks,
  factory: (context: McpRequestContext) => McpServer | Promise<McpServer>,
  options: ServeTasksOptions = {},
): TaskApp {
  checkDrainMs(options.drainMs);
  const host = createHost(tasks, options);
  const closers: (() => Promise<void>)[] = [];
  let closed: Promise<void> | undefined;

  const begin = (): void => {
    // A failed start is reported to each request, and to readers of `started`.
    tasks.start().catch(() => undefined);
  };
  const createServer = async (context: McpRequestContext): Promise<McpServer> => {
    const mcp = await factory(context);
    attachHost(host, mcp);
    return mcp;
  };
  const closeAll = async (drainMs: number | undefined): Promise<void> => {
    try {
      await tasks.close({ drainMs });
    } finally {
      await Promise.all(closers.map((closeOne) => closeOne()));
    }
  };
  const close: TaskApp['close'] = async ({ drainMs = options.drainMs } = {}) => {
    checkDrainMs(drainMs);
    closed ??= closeAll(drainMs);
    return closed;
  };

  return {
    get started() {
      return tasks.start();
    },
    http(handlerOptions = {}) {
      begin();
      const { legacy, maxSessions, ...sdkOptions } = handlerOptions;
      const withoutSessions =
        legacy === undefined ? {} : { legacy: legacy === 'sessions' ? ('reject' as const) : legacy };
      const plain = createMcpHandler(createServer, { ...sdkOptions, ...withoutSessions });
      const wrapped = wrapHandlerOf(host, plain, sdkOptions);
      const limits = { ...sdkOptions, maxSessions };
      const handler = legacy === 'sessions' ? withSessionsOf(host, wrapped, factory, limits) : wrapped;
      closers.push(() => handler.close());
      return handler;
    },
    stdio(stdioOptions = {}) {
      begin();
      const transport = stdioOptions.transport ?? new StdioServerTransport();
      const ended = new Promise<void>((resolve) => {
        aroundTransport(transport, { receive: (next) => next, send: (next) => next, closed: resolve });
      });
      const handle = serveStdio(createServer, { ...stdioOptions, transport: wrapTransportOf(host, transport) });
      closers.push(() => handle.close());
      return { ...handle, closed: ended };
    },
    close,
    [Symbol.asyncDispose]: () => close(),
  };
}

function checkDrainMs(drainMs: number | undefined): void {
  if (drainMs === undefined || (Number.isSafeInteger(drainMs) && drainMs >= 0)) return;
  throw new RangeError(`drainMs must be a whole number from 0, not ${String(drainMs)}.`);
}
