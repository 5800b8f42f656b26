import { interrupted, type TaskFailure } from '../port/failures.ts';
import type { TaskHead, TaskHeadPatch } from '../port/record.ts';

/** A claim, as far as its change of a head depends on it. */
export interface HeadClaim {
  readonly holder: string;
  readonly leaseMs: number;
  /** The present, as the store takes it. */
  readonly nowMs: number;
}

/**
 * Make the change of a head by a claim, for stores that compute it here. A head that still has another holder tells of
 * a lost run: its lease ran out.
 *
 * @example
 * declare const head: TaskHead;
 * const patch = claimPatch(head, { holder: 'process-1', leaseMs: 20_000, nowMs: Date.now() });
 */
export function claimPatch(head: TaskHead, { holder, leaseMs, nowMs }: HeadClaim): TaskHeadPatch {
  const isLost = head.holder !== undefined && head.holder !== holder;
  return {
    attempt: head.attempt + 1,
    crashCount: head.crashCount + (isLost ? 1 : 0),
    holder,
    dueAtMs: nowMs + leaseMs,
    lastUpdatedAtMs: Math.max(head.lastUpdatedAtMs, nowMs),
  };
}

/** The tool's policy for crashes. */
export interface CrashPolicy {
  /** Policy for a task whose run did not end: the task fails, or the handler runs again. */
  readonly onCrash: 'fail' | 'rerun';
  /** Crashes in a row at which a `rerun` task fails. */
  readonly maxCrashes: number;
}

/**
 * Tell why a claimed task must not run: a run of a `fail` tool was lost, or runs of a `rerun` tool were lost too often.
 * Undefined when its run may begin.
 */
export function crashFailure({ crashCount }: TaskHead, { onCrash, maxCrashes }: CrashPolicy): TaskFailure | undefined {
  if (onCrash === 'fail') return crashCount > 0 ? interrupted('the process that ran it stopped.') : undefined;
  return crashCount >= maxCrashes ? interrupted(`its process stopped ${crashCount} times in a row.`) : undefined;
}

/**
 * Compute the crash count from which on a task is a suspect: its next crash would be its last, and it has crashed.
 * Undefined for `fail` tools, which do not run again.
 */
export function suspectCrashCount({ onCrash, maxCrashes }: CrashPolicy): number | undefined {
  return onCrash === 'fail' ? undefined : Math.max(1, maxCrashes - 1);
}
