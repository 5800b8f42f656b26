import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '@mcp-tasks/store';
import { JSON_RPC_ERROR } from '@mcp-tasks/wire';
import type { AuthInfo, Transport } from '@modelcontextprotocol/server';
import { isFault, toErrorObject } from '../request/errors.ts';
import { whenExpired } from '../request/expiry.ts';
import type { OwnerContext } from '../request/owner.ts';

// A session of 2025-11-25 is found by its id, and the SDK's transport serves all who send it: it opens the session's own stream
// for them, ends the session, takes their cancellations, and answers on the stream of the latest request with an id. What
// the layers above see of a request is too late for these, so the guard stands in front of the transport.

/** Who may use a session. */
export interface SessionGuard {
  readonly clock: Clock;
  /** Who opened the session, in the words of `callerOf`; undefined = its opener could not be told. */
  opener(): string | undefined;
  /** Identify the sender of a request. @throws {TaskError} OWNER_INVALID; every error of the author's `owner` */
  callerOf(context: OwnerContext): string;
  reportError(error: unknown): void;
  /** Refuse a request that comes too fast. */
  tooFast(request: Request, arrived: WebArrival): Promise<Response | undefined>;
}

type NodeRequest = IncomingMessage & { readonly auth?: AuthInfo };
/** Facts that come with a request of a web server. */
interface WebArrival {
  readonly authInfo?: AuthInfo;
  readonly parsedBody?: unknown;
}

type WebParameters = readonly [Request, WebArrival?];
type NodeParameters = readonly [NodeRequest, ServerResponse, unknown?];
type HandleRequest = (...parameters: readonly unknown[]) => Promise<unknown>;

/**
 * Let a transport of HTTP sessions serve only the caller who opened its session; others get what the SDK answers for a
 * session that does not exist. The session's own stream ends when the token of its request expires. Transports of other
 * kinds are left alone.
 *
 * @see 2025-11-25, Transports, "Session Management"
 */
export function guardSession(transport: Transport, guard: SessionGuard): void {
  const guarded = transport as Transport & { handleRequest?: HandleRequest };
  const handle = guarded.handleRequest?.bind(transport);
  if (handle === undefined) return;
  guarded.handleRequest = (...parameters) =>
    isWeb(parameters)
      ? serveWeb(handle, parameters, { guard, transport })
      : serveNode(handle, parameters as unknown as NodeParameters, { guard, transport });
}

interface Guarded {
  readonly guard: SessionGuard;
  readonly transport: Transport;
}

function isWeb(parameters: readonly unknown[]): parameters is WebParameters {
  const { headers } = parameters[0] as { readonly headers: Partial<Headers> };
  return typeof headers.get === 'function';
}

async function serveWeb(handle: HandleRequest, parameters: WebParameters, guarded: Guarded): Promise<Response> {
  const [request, arrived = {}] = parameters;
  const { authInfo } = arrived;
  const refused = refusal({ request, authInfo }, guarded) ?? (await guarded.guard.tooFast(request, arrived));
  if (refused !== undefined) return refused;
  const response = (await handle(...parameters)) as Response;
  return request.method === 'GET'
    ? endInTime(response, request.signal, { clock: guarded.guard.clock, authInfo })
    : response;
}

async function serveNode(handle: HandleRequest, parameters: NodeParameters, guarded: Guarded): Promise<void> {
  const [message, response] = parameters;
  const refused = refusal({ request: toRequest(message), authInfo: message.auth }, guarded);
  if (refused !== undefined) {
    response.writeHead(refused.status, Object.fromEntries(refused.headers)).end(await refused.text());
    return;
  }
  if (message.method === 'GET') {
    const stop = whenExpired(guarded.guard.clock, message.auth, () => response.end());
    response.once('close', stop);
  }
  await handle(...parameters);
}

/** Answer a request that may not use the session. Before there is a session, the transport decides. */
function refusal(context: OwnerContext, { guard, transport: { sessionId } }: Guarded): Response | undefined {
  if (sessionId === undefined) return undefined;
  try {
    return guard.callerOf({ ...context, sessionId }) === guard.opener() ? undefined : sessionNotFound();
  } catch (error) {
    return refuseFor(error, guard);
  }
}

/** The head of a request that Node received; its body is not looked at. */
function toRequest({ method = 'GET', url = '/', headers }: IncomingMessage): Request {
  const ofHttp1 = Object.entries(headers).filter(([name]) => !name.startsWith(':'));
  const fields = ofHttp1.flatMap(([name, value]) => [value ?? []].flat().map((one): [string, string] => [name, one]));
  return new Request(new URL(url, `http://${headers.host ?? 'localhost'}`), { method, headers: fields });
}

/** A stream that also ends when its caller's token expires, or its caller has gone. */
function endInTime(
  response: Response,
  signal: AbortSignal,
  { clock, authInfo }: { readonly clock: Clock; readonly authInfo: AuthInfo | undefined },
): Response {
  const { body, status, headers } = response;
  if (body === null) return response;
  const reader: ReadableStreamDefaultReader<Uint8Array> = body.getReader();
  // What is being read then ends, and with it the stream.
  const end = (): void => {
    reader.cancel().catch(() => undefined);
  };
  const stopTimer = whenExpired(clock, authInfo, end);
  signal.addEventListener('abort', end);
  const settled = (): void => {
    stopTimer();
    signal.removeEventListener('abort', end);
  };
  reader.closed.then(settled, settled);
  const readable = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const read = await reader.read();
      if (read.done) controller.close();
      else controller.enqueue(read.value);
    },
    cancel: (reason) => reader.cancel(reason),
  });
  return new Response(readable, { status, headers });
}

/** The SDK's own answer, so that a session of another caller looks like one that does not exist. */
export function sessionNotFound(): Response {
  return refuse(404, -32_001, 'Session not found');
}

/**
 * Refuse an HTTP request for what was thrown; a fault is reported, and the client is told no more than that there is
 * one.
 */
export function refuseFor(error: unknown, reporter: { reportError(error: unknown): void }): Response {
  if (isFault(error)) reporter.reportError(error);
  const { code, message } = toErrorObject(error);
  return refuse(code === JSON_RPC_ERROR.INTERNAL_ERROR ? 500 : 400, code, message);
}

/** Refuse an HTTP request as the SDK's transports do. */
export function refuse(status: number, code: number, message: string): Response {
  return Response.json({ jsonrpc: '2.0', error: { code, message }, id: null }, { status });
}
