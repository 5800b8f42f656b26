import { isTerminalStatus } from '@mcp-tasks/wire';
import { runEnded } from '../port/failures.ts';
import type { TaskEntry, TaskHead } from '../port/record.ts';
import { TaskError } from '../port/task-error.ts';
import type { TaskLease } from '../port/task-store.ts';
import { completed, type Completion, endedBy } from './end.ts';
import { holds, isParked } from './lease.ts';
import { done, liveRule, refused, type Rule, write } from './rule.ts';

/** Outcomes of parts of a task's work, recorded by its run or by another writer. */
export interface Outcomes {
  /** The run that records; absent = another writer, which needs no lease. */
  readonly lease?: TaskLease | undefined;
  /** Entries of kind `outcome`. */
  readonly put?: readonly TaskEntry[] | undefined;
  /** Already cut to its limit; absent = the message stays. */
  readonly statusMessage?: string | undefined;
  /** True when work got done: the count of crashes begins anew. */
  readonly isProgress?: boolean | undefined;
  /** True when a parked task becomes due in the same write. */
  readonly wakes?: boolean | undefined;
  /** Keys of questions that no longer need an answer. */
  readonly closes?: readonly string[] | undefined;
  /** All work is done: the same write ends the task as completed. */
  readonly completion?: Completion | undefined;
}

/**
 * Record outcomes in one write, and end the task with the last of them.
 *
 * Refused with TASK_ALREADY_TERMINAL (`details.status` says which) when the task is over, with RUN_ENDED when a lease
 * is given and no longer holds. A task that this run has completed counts as completed by it.
 */
export function outcome(change: Outcomes): Rule<undefined> {
  const { lease, put = [], statusMessage, isProgress, wakes, closes = [], completion } = change;
  return liveRule<undefined>((head, nowMs) => {
    if (lease !== undefined && completion !== undefined && endedBy(lease, head, 'completed')) {
      return done(undefined);
    }
    if (lease !== undefined && !holds(lease, head)) return refused(runEnded(lease));
    if (isTerminalStatus(head.status)) return refused(overAlready(head));
    if (completion !== undefined) {
      return completed(head, nowMs, { ...completion, put }, undefined);
    }
    const openQuestions = head.openQuestions.filter((key) => !closes.includes(key));
    return write(
      head,
      nowMs,
      {
        ...(head.status === 'input_required' && openQuestions.length === 0 && { status: 'working' }),
        head: {
          ...(openQuestions.length < head.openQuestions.length && { openQuestions }),
          ...(statusMessage !== undefined && { statusMessage }),
          ...(isProgress === true && { crashCount: 0, progressAtMs: nowMs }),
          ...(wakes === true && isParked(head, nowMs) && { dueAtMs: nowMs }),
        },
        put,
      },
      undefined,
    );
  });
}

function overAlready({ taskId, status }: TaskHead): TaskError {
  return new TaskError('TASK_ALREADY_TERMINAL', `Nothing more is recorded for task ${taskId}: it is ${status}.`, {
    details: { taskId, status },
  });
}
