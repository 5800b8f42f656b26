import { type JSONRPCResponse, type Result, SERVER_INFO_META_KEY } from '@modelcontextprotocol/server';
import type { TaskRequest } from '../request/task-request.ts';

/**
 * The `_meta` that a 2026-07-28 connection's requests come with, as the SDK found it right, and how it signs the
 * answers. Clients send the same each time, and of the same the SDK would say the same.
 *
 * @see docs/decisions/0005-envelopes-checked-once.md
 */
export class CheckedEnvelope {
  #checked: string | undefined;
  #signature: Result['_meta'];

  /** Note what the SDK answered a request: a result tells that it found the envelope right. */
  learn(request: TaskRequest, response: JSONRPCResponse): void {
    if ('error' in response) return;
    const serverInfo = response.result._meta?.[SERVER_INFO_META_KEY];
    this.#checked = metaText(request);
    this.#signature = serverInfo && { [SERVER_INFO_META_KEY]: serverInfo };
  }

  /** Whether the SDK has answered a request with this very `_meta`. */
  isKnown(request: TaskRequest): boolean {
    return this.#checked !== undefined && metaText(request) === this.#checked;
  }

  /** A result as the SDK would sign it; as it is when there is nothing to sign with, as in 2025-11-25. */
  sign(result: Result): Result {
    return withMeta(result, this.#signature);
  }
}

/** A result with what the SDK adds to `_meta`; its own members come first. */
export function withMeta(result: Result, added: Result['_meta']): Result {
  if (added === undefined) return result;
  const { _meta, ...rest } = result;
  return { _meta: { ...added, ..._meta }, ...rest };
}

/** Undefined when it is nested too deeply: the SDK says so. */
function metaText({ params }: TaskRequest): string | undefined {
  try {
    return JSON.stringify(params['_meta']);
  } catch {
    return undefined;
  }
}
