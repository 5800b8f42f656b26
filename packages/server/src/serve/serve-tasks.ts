import type { Tasks } from '@mcp-tasks/runner';
import { servesOneOwner } from '@mcp-tasks/runner/engine';
import { checkOptions, option, type OptionTableOf } from '@mcp-tasks/wire';
import { createMcpHandler, type CreateMcpHandlerOptions, type McpHttpHandler } from '@modelcontextprotocol/server';
import {
  serveStdio,
  type ServeStdioOptions,
  type StdioServerHandle,
  StdioServerTransport,
} from '@modelcontextprotocol/server/stdio';
import { createHost, TASK_SERVER_OPTIONS, type TaskServerOptions } from '../request/task-host.ts';
import { aroundTransport } from '../transport/around-transport.ts';
import { workflowServing } from '../workflow/serving/workflow-serving.ts';
import { checkFactory, makeServer, type ServerFactory } from './make-server.ts';
import { withSessionsOf } from './sessions.ts';
import { SDK_HANDLER_OPTIONS, wrapHandlerOf } from './wrap-handler.ts';
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

const CLOSE_OPTIONS = { drainMs: option.integer(0) };

const SERVE_TASKS_OPTIONS: OptionTableOf<ServeTasksOptions> = { ...TASK_SERVER_OPTIONS, ...CLOSE_OPTIONS };

/** Those of the SDK's handler that we use too; the others are its own. */
const HTTP_OPTIONS = {
  legacy: option.choice('stateless', 'reject', 'sessions'),
  maxSessions: option.integer(1),
  ...SDK_HANDLER_OPTIONS,
};

const STDIO_OPTIONS = { transport: option.methods('a transport of the SDK', 'start', 'send', 'close') };

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
 * comes while the store cannot be opened is answered -32603, and the next one tries again. So is one for which the
 * factory throws, or makes no `McpServer`; `onerror` gets a sentence that says what to do.
 *
 * @throws {TypeError} an option has the wrong type, or `factory` is not a function. @throws {RangeError} `drainMs` is not
 *   a whole number from 0. @throws {TaskError} COPIES_MIXED - `tasks` comes from another copy of its package.
 *
 * @example
 * const app = serveTasks(tasks, () => new McpServer({ name: 'reports', version: '1.0.0' }));
 * export default app.http();
 */
export function serveTasks(tasks: Tasks, factory: ServerFactory, options: ServeTasksOptions = {}): TaskApp {
  checkFactory('serveTasks', factory);
  checkOptions('serveTasks', options, SERVE_TASKS_OPTIONS);
  const host = createHost(tasks, options);
  // A fault of the workflows that are there by now need not wait for the first connection.
  workflowServing(host);
  const closers: (() => Promise<void>)[] = [];
  let closed: Promise<void> | undefined;

  const begin = (): void => {
    // A failed start is reported to each request, and to readers of `started`.
    tasks.start().catch(() => undefined);
  };
  const createServer: ServerFactory = (context) => makeServer(host, factory, context);
  const closeAll = async (drainMs: number | undefined): Promise<void> => {
    try {
      await tasks.close({ drainMs });
    } finally {
      await Promise.all(closers.map((closeOne) => closeOne()));
    }
  };
  const close: TaskApp['close'] = async (closing) => {
    checkOptions('app.close', closing, CLOSE_OPTIONS);
    const { drainMs = options.drainMs } = closing ?? {};
    closed ??= closeAll(drainMs);
    return closed;
  };

  return {
    get started() {
      return tasks.start();
    },
    http(handlerOptions = {}) {
      checkOptions('app.http', handlerOptions, HTTP_OPTIONS, { passesOn: true });
      begin();
      const { legacy, maxSessions, ...sdkOptions } = handlerOptions;
      const withoutSessions =
        legacy === undefined ? {} : { legacy: legacy === 'sessions' ? ('reject' as const) : legacy };
      const plain = createMcpHandler(createServer, { ...sdkOptions, ...withoutSessions });
      const wrapped = wrapHandlerOf(host, plain, sdkOptions);
      const limits = { ...sdkOptions, maxSessions };
      const handler = legacy === 'sessions' ? withSessionsOf(host, wrapped, createServer, limits) : wrapped;
      closers.push(() => handler.close());
      return handler;
    },
    stdio(stdioOptions = {}) {
      checkOptions('app.stdio', stdioOptions, STDIO_OPTIONS, { passesOn: true });
      begin();
      const transport = stdioOptions.transport ?? new StdioServerTransport();
      // Another transport may carry several users.
      if (options.owner === undefined && transport instanceof StdioServerTransport) servesOneOwner(tasks);
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
