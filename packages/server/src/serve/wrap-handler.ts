import type { Tasks } from '@mcp-tasks/runner';
import { servesOtherOwners } from '@mcp-tasks/runner/engine';
import { checkOptions, isJsonObject, JSON_RPC_ERROR, option, type OptionTableOf } from '@mcp-tasks/wire';
import { isJSONRPCResponse, type JSONRPCResponse, type McpHttpHandler } from '@modelcontextprotocol/server';
import { acceptAnswer, answeredQuestion } from '../connection/questions-2025.ts';
import { listenOverHttp, type ListenOverHttpOptions } from '../listen/http-listen.ts';
import { listenHost } from '../listen/listen-host.ts';
import { isFault, toErrorObject } from '../request/errors.ts';
import type { OwnerContext } from '../request/owner.ts';
import { peekBody } from '../request/peek-body.ts';
import { createHost, TASK_SERVER_OPTIONS, type TaskHost, type TaskServerOptions } from '../request/task-host.ts';
import { isNamedInBody, refuseTooFast } from '../transport/limit-http.ts';

/**
 * Options of {@link wrapHandler}; give those of the SDK's handler again, since it does not tell them.
 *
 * @example
 * const options: WrapHandlerOptions = { maxSubscriptions: 100, keepAliveMs: 10_000 };
 * const handler = wrapHandler(tasks, createMcpHandler(() => mcp), options);
 */
export interface WrapHandlerOptions extends TaskServerOptions, Omit<ListenOverHttpOptions, 'maxSubscriptions'> {
  /** Open `subscriptions/listen` streams with task notifications, beside the SDK's own; default 1,024. */
  readonly maxSubscriptions?: number | undefined;
}

/** As the SDK takes it, which knows `Infinity` too. */
const NUMBER = { expected: 'a number from 0', fits: isNumber, isInRange: (value: number) => value >= 0 };

/** Options of the SDK's handler that are used here too. */
export const SDK_HANDLER_OPTIONS = {
  keepAliveMs: NUMBER,
  maxSubscriptions: NUMBER,
  maxRequestBodySize: option.any,
};

const WRAP_HANDLER_OPTIONS: OptionTableOf<WrapHandlerOptions> = { ...TASK_SERVER_OPTIONS, ...SDK_HANDLER_OPTIONS };

type Fetch = McpHttpHandler['fetch'];

/** Handlers that serve tasks already. */
const wrapped = new WeakSet<McpHttpHandler>();

/**
 * Let an HTTP handler of the SDK serve what goes beyond one server object: `subscriptions/listen` with `taskIds`
 * (2026-07-28), and the answers to a task's questions that a 2025-11-25 client without a session posts.
 *
 * The servers that the handler's factory makes need `attach`. All else reaches the handler as it is, `parsedBody` and
 * `authInfo` included. Wrapping a wrapped handler gives that handler back.
 *
 * @throws {TypeError} an option has the wrong type. @throws {RangeError} a number is negative.
 * @throws {TaskError} COPIES_MIXED - `tasks` comes from another copy of its package.
 *
 * @example
 * const handler = wrapHandler(
 *   tasks,
 *   createMcpHandler(() => {
 *     const server = new McpServer({ name: 'reports', version: '1.0.0' });
 *     attach(tasks, server);
 *     return server;
 *   }),
 * );
 * const response = await handler.fetch(new Request('http://127.0.0.1/mcp', { method: 'POST', body: '{}' }));
 */
export function wrapHandler(tasks: Tasks, handler: McpHttpHandler, options: WrapHandlerOptions = {}): McpHttpHandler {
  checkOptions('wrapHandler', options, WRAP_HANDLER_OPTIONS, { passesOn: true });
  return wrapped.has(handler) ? handler : wrapHandlerOf(createHost(tasks, options), handler, options);
}

/** {@link wrapHandler} for a host that exists. */
export function wrapHandlerOf(
  host: TaskHost,
  handler: McpHttpHandler,
  options: Omit<WrapHandlerOptions, keyof TaskServerOptions>,
): McpHttpHandler {
  servesOtherOwners(host.tasks);
  const { keepAliveMs, maxSubscriptions, maxRequestBodySize } = options;
  const takeAnswers = takingAnswers(host, (...parameters) => handler.fetch(...parameters));
  const listening = listenOverHttp(listenHost(host), takeAnswers, {
    keepAliveMs,
    maxSubscriptions: maxSubscriptions,
    maxRequestBodySize,
  });
  const { notify, bus } = handler;
  const result: McpHttpHandler = {
    fetch: limited(host, listening.fetch, maxRequestBodySize),
    notify,
    bus,
    async close() {
      listening.close();
      await handler.close();
    },
  };
  wrapped.add(result);
  return result;
}

/** Take posted answers to questions of ours, in front of what serves all else. */
function takingAnswers(host: TaskHost, next: Fetch): Fetch {
  return async (request, options) => {
    const body = isNamedInBody(request) ? options?.parsedBody : undefined;
    if (!isAnswer(body)) return next(request, options);
    return takeAnswer(host, body, { request, authInfo: options?.authInfo });
  };
}

/** Refuse what comes too fast, in front of what serves all else. What is read of a body is handed on. */
function limited(host: TaskHost, next: Fetch, maxRequestBodySize: number | undefined): Fetch {
  return async (request, options) => {
    const isInBody = isNamedInBody(request);
    const parsedBody = options?.parsedBody ?? (isInBody ? await peekBody(request, maxRequestBodySize) : undefined);
    const arrived = parsedBody === undefined ? options : { ...options, parsedBody };
    return (await refuseTooFast(host, request, { ...arrived })) ?? next(request, arrived);
  };
}

function isNumber(value: unknown): boolean {
  return typeof value === 'number';
}

function isAnswer(body: unknown): body is JSONRPCResponse {
  return (
    isJsonObject(body) && !('method' in body) && answeredQuestion(body['id']) !== undefined && isJSONRPCResponse(body)
  );
}

/**
 * The answer is stored before it is acknowledged; one that does not fit its question is refused.
 *
 * @see 2025-11-25, Transports, "Sending Messages to the Server"
 */
async function takeAnswer(host: TaskHost, response: JSONRPCResponse, context: OwnerContext): Promise<Response> {
  try {
    await acceptAnswer(host, response, context);
    return new Response(null, { status: 202 });
  } catch (thrown) {
    if (isFault(thrown)) host.reportError(thrown);
    const error = toErrorObject(thrown);
    const status = error.code === JSON_RPC_ERROR.INTERNAL_ERROR ? 500 : 400;
    return Response.json({ jsonrpc: '2.0', id: null, error }, { status });
  }
}
