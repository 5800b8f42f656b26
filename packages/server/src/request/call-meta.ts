import type { TraceContext } from '@mcp-tasks/runner';
import { TaskError } from '@mcp-tasks/store';
import { oversizeError, oversizeOf } from '@mcp-tasks/store/rules';
import { IDEMPOTENCY_KEY_META_KEY, type ProgressToken } from '@mcp-tasks/wire';
import { type Fields, fieldsOf } from './task-request.ts';

// What a call brings beside its arguments is stored with its task, and goes out again with each event and each report of
// progress: it is bounded before anything is done with it.

/** Longest progress token as text, in bytes. */
const MAX_PROGRESS_TOKEN_BYTES = 256;

/**
 * Longest trace context, in bytes: a `traceparent` has that length, what others may be is what W3C says must be passed
 * on.
 */
const TRACE_FIELDS = [
  ['traceparent', 55],
  ['tracestate', 512],
  ['baggage', 8_192],
] as const;

/** The part of `_meta` of a call that concerns tasks. */
export interface CallMeta {
  readonly idempotencyKey: string | undefined;
  readonly progressToken: ProgressToken | undefined;
  readonly trace: TraceContext | undefined;
}

/**
 * Read `_meta` of a call.
 *
 * @throws {TaskError} IDEMPOTENCY_KEY_INVALID - the key is not a string; INVALID_ARGUMENTS - the progress token is too
 * long.
 */
export function readCallMeta(params: Fields): CallMeta {
  const meta = fieldsOf(params['_meta']);
  const { [IDEMPOTENCY_KEY_META_KEY]: idempotencyKey, progressToken } = meta;
  if (idempotencyKey !== undefined && typeof idempotencyKey !== 'string') {
    throw new TaskError('IDEMPOTENCY_KEY_INVALID', `_meta["${IDEMPOTENCY_KEY_META_KEY}"] must be a string.`);
  }
  return { idempotencyKey, progressToken: readProgressToken(progressToken), trace: readTrace(meta) };
}

function readProgressToken(token: unknown): ProgressToken | undefined {
  if (typeof token === 'number') return token;
  if (typeof token !== 'string') return undefined;
  const oversize = oversizeOf(token, MAX_PROGRESS_TOKEN_BYTES);
  if (oversize === undefined) return token;
  throw oversizeError('INVALID_ARGUMENTS', '_meta.progressToken', oversize, { field: '_meta.progressToken' });
}

/** The W3C trace context of a request, without what is too long. @see 2026-07-28, "_meta", trace context */
function readTrace(meta: Fields): TraceContext | undefined {
  const present = TRACE_FIELDS.filter(([name, maxBytes]) => {
    const value = meta[name];
    return typeof value === 'string' && oversizeOf(value, maxBytes) === undefined;
  });
  return present.length === 0 ? undefined : Object.fromEntries(present.map(([name]) => [name, meta[name]]));
}
