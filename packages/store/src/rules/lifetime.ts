import type { TaskLimits } from '../port/limits.ts';
import type { TaskHead } from '../port/record.ts';
import { TaskError } from '../port/task-error.ts';

/**
 * Grant a lifetime: the client's request, else the tool's own, else the default; never less than the minimum, and never
 * more than the maximum.
 *
 * @param wanted.requestedTtlMs - asked for by the client (2025-11-25 `task.ttl`): a safe positive integer.
 * @param wanted.ttlMs - set by the tool.
 * @throws {TaskError} INVALID_TTL - naming `task.ttl`.
 * @see 2025-11-25, Tasks, "TTL and Resource Management"
 */
export function grantTtl(
  wanted: { readonly requestedTtlMs?: number | undefined; readonly ttlMs?: number | undefined },
  limits: Pick<TaskLimits, 'defaultTtlMs' | 'minTtlMs' | 'maxTtlMs'>,
): Pick<TaskHead, 'ttlMs' | 'ttlRequested'> {
  const { requestedTtlMs, ttlMs = limits.defaultTtlMs } = wanted;
  const clamped = (wantedMs: number): number => Math.min(Math.max(wantedMs, limits.minTtlMs), limits.maxTtlMs);
  if (requestedTtlMs === undefined) return { ttlMs: clamped(ttlMs) };
  if (!Number.isSafeInteger(requestedTtlMs) || requestedTtlMs < 1) {
    throw new TaskError(
      'INVALID_TTL',
      `Invalid task.ttl: it must be an integer from 1 to ${Number.MAX_SAFE_INTEGER} (milliseconds).`,
    );
  }
  return { ttlMs: clamped(requestedTtlMs), ttlRequested: true };
}
