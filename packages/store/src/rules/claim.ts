import { isTerminalStatus } from '@mcp-tasks/wire';
import { interrupted } from '../port/failures.ts';
import type { TaskHead } from '../port/record.ts';
import type { TaskLease } from '../port/task-store.ts';
import { endFailed } from './end.ts';
import { done, liveRule, type Rule, write } from './rule.ts';

/** Holder of a claim, and the tool's policy for crashes. */
export interface ClaimOptions {
  /** Unique per process start. A process applies at most one claim to a task at a time. */
  readonly holder: string;
  readonly leaseMs: number;
  /** Policy for a task whose run did not end: the task fails, or the handler runs again. */
  readonly onCrash: 'fail' | 'rerun';
  /** Crashes in a row at which a `rerun` task fails. */
  readonly maxCrashes: number;
  /** Shortest time for which the error of a task that ends here stays readable; default: the task keeps its expiry. */
  readonly keepResultMs?: number | undefined;
}

/** Outcome of a claim. */
export type Claim =
  /** A run may begin under this lease. */
  | { readonly status: 'claimed'; readonly lease: TaskLease }
  /** A run of a `fail` tool was lost: the task has failed with TASK_INTERRUPTED. */
  | { readonly status: 'interrupted' }
  /** The runs of a `rerun` tool were lost too often: the task has failed with TASK_INTERRUPTED. */
  | { readonly status: 'crashed-out' }
  /** Parked, over, held by a living run, or due later: nothing to do. */
  | { readonly status: 'not-due' };

/** Take a task that is due, or that this process queued itself, for the next run. */
export function claim(options: ClaimOptions): Rule<Claim> {
  const { holder, leaseMs, onCrash, maxCrashes, keepResultMs } = options;
  return liveRule((head, nowMs, first) => {
    if (isTerminalStatus(head.status)) return done({ status: 'not-due' });
    if (head.holder === holder && head.attempt > first.attempt) return done(claimed(head.taskId, head.attempt, holder));
    if (!isFree(head, holder, nowMs)) return done({ status: 'not-due' });

    const wasStarted = head.attempt > 0;
    if (wasStarted && onCrash === 'fail') {
      const error = interrupted('the process that ran it stopped.');
      return endFailed(head, nowMs, { error, keepResultMs }, { status: 'interrupted' });
    }
    // A task that was given back has no holder. One that still has a holder ran into the end of its lease.
    const crashCount = head.crashCount + (wasStarted && head.holder !== undefined ? 1 : 0);
    if (crashCount > head.crashCount && crashCount >= maxCrashes) {
      const error = interrupted(`its process stopped ${crashCount} times in a row.`);
      return endFailed(head, nowMs, { error, keepResultMs }, { status: 'crashed-out' });
    }
    const attempt = head.attempt + 1;
    const change = { head: { attempt, crashCount, holder, dueAtMs: nowMs + leaseMs } };
    return write(head, nowMs, change, claimed(head.taskId, attempt, holder));
  });
}

function isFree(head: TaskHead, holder: string, nowMs: number): boolean {
  const isQueuedHere = head.holder === holder && head.attempt === 0;
  return isQueuedHere || (head.dueAtMs !== null && head.dueAtMs <= nowMs);
}

function claimed(taskId: string, attempt: number, holder: string): Claim {
  return { status: 'claimed', lease: { taskId, attempt, holder } };
}
