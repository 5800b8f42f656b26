import { type AuthInfo, isJsonContentType } from '@modelcontextprotocol/server';
import { toErrorObject } from '../request/errors.ts';
import type { OwnerContext, ResolvedOwner } from '../request/owner.ts';
import { peekBody } from '../request/peek-body.ts';
import { type NamedRequest, nameOfMessage } from '../request/request-limit.ts';
import type { TaskHost } from '../request/task-host.ts';
import { fieldsOf } from '../request/task-request.ts';
import { refuseFor } from './session-guard.ts';

/** Facts of an HTTP request in front of the SDK. */
interface Arrived {
  readonly authInfo?: AuthInfo | undefined;
  readonly sessionId?: string | undefined;
  readonly parsedBody?: unknown;
}

/**
 * Count an HTTP request that concerns tasks before the SDK sees it, and refuse it with the status 429 if it comes too
 * fast. What names itself only in its body, and has no body here, is counted by the connection.
 */
export async function refuseTooFast(host: TaskHost, request: Request, arrived: Arrived): Promise<Response | undefined> {
  const named = nameOf(request, arrived.parsedBody);
  if (named === undefined || !host.concerns(named)) return undefined;
  const { authInfo, sessionId } = arrived;
  const context = { request, authInfo, sessionId };
  const owner = ownerElse(host, context);
  if (owner === undefined) return undefined;
  try {
    const refused = await host.limit.count(named, { owner, context });
    host.limit.counted(request);
    if (refused === undefined) return undefined;
    const { id } = fieldsOf(arrived.parsedBody ?? (await peekBody(request, undefined)));
    const retryAfterSeconds = Math.ceil(Number(refused.details['retryAfterMs']) / 1_000);
    return Response.json(
      { jsonrpc: '2.0', id: id ?? null, error: toErrorObject(refused) },
      { status: 429, headers: { 'retry-after': String(Math.max(1, retryAfterSeconds)) } },
    );
  } catch (error) {
    return refuseFor(error, host);
  }
}

/** The connection says what is wrong with an owner. */
function ownerElse(host: TaskHost, context: OwnerContext): ResolvedOwner | undefined {
  try {
    return host.ownerOf(context);
  } catch {
    return undefined;
  }
}

/** A request of 2026-07-28 is named by its headers, which the SDK holds against the body. */
function nameOf({ method, headers }: Request, body: unknown): NamedRequest | undefined {
  if (method !== 'POST') return undefined;
  const modern = headers.get('mcp-method')?.trim();
  if (modern === undefined) return nameOfMessage(body);
  return { method: modern, name: headers.get('mcp-name')?.trim() };
}

/** Tell whether a request says only in its body what it is. */
export function isNamedInBody({ method, headers }: Request): boolean {
  return method === 'POST' && !headers.has('mcp-method') && isJsonContentType(headers.get('content-type'));
}
