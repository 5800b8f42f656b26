/**
 * The form of every rule of a task's life: a pure function from a head to a verdict. Rules are pure so that one can be
 * applied again to the head that won a race, and tested without a store. Here is also the one place where a status
 * changes, checked with the transition table of 2025-11-25, Tasks, "Task Status Lifecycle".
 */
import { canTransition, type TaskStatus } from '@mcp-tasks/wire';
import { taskNotFound } from '../port/failures.ts';
import type { TaskEntry, TaskEntryKey, TaskHead, TaskHeadPatch, TaskPatch } from '../port/record.ts';
import { TaskError } from '../port/task-error.ts';

/** Decision of a rule about a head. */
export type Verdict<Value> =
  /** Write this patch if the head is still the present one. */
  | {
      readonly kind: 'write';
      readonly patch: TaskPatch;
      readonly value: Value;
      /** An entry that is put only once: after a conflict, its presence says that this write happened. */
      readonly proof?: TaskEntryKey | undefined;
    }
  /** Nothing to write: the effect is in the head already, or the rule has nothing to do. */
  | { readonly kind: 'done'; readonly value: Value }
  | { readonly kind: 'refused'; readonly error: TaskError };

/**
 * A decision about one task. It is pure: after a lost race it is applied again, to the head that came back.
 *
 * `first` is the head with which the application began (default `head`). A rule that sees its own effect in `head` but
 * not in `first` knows that its write happened although the answer was lost.
 */
export type Rule<Value> = (head: TaskHead, nowMs: number, first?: TaskHead) => Verdict<Value>;

/** Changes of one write, without the fields that every write sets. */
export interface Change {
  /** Checked with the transition table; absent = the status stays. */
  readonly status?: TaskStatus | undefined;
  readonly head?: Omit<TaskHeadPatch, 'status' | 'lastUpdatedAtMs'> | undefined;
  readonly put?: readonly TaskEntry[] | undefined;
  readonly delete?: readonly TaskEntryKey[] | undefined;
  readonly proof?: TaskEntryKey | undefined;
}

/**
 * Tell why a task may not go from one status to the other; undefined when it may.
 *
 * @returns {TaskError} TASK_INVALID_TRANSITION naming task, from and to; self transitions are refused too.
 * @see 2025-11-25, Tasks, "Task Status Lifecycle"
 */
export function transitionError(taskId: string, from: TaskStatus, to: TaskStatus): TaskError | undefined {
  if (canTransition(from, to)) return undefined;
  return new TaskError('TASK_INVALID_TRANSITION', `Task ${taskId} cannot go from ${from} to ${to}.`, {
    details: { taskId, from, to },
  });
}

/** Make a rule that refuses expired tasks: no writer changes an expired task. */
export function liveRule<Value>(
  decide: (head: TaskHead, nowMs: number, first: TaskHead) => Verdict<Value>,
): Rule<Value> {
  return (head, nowMs, first = head) =>
    nowMs >= head.expiresAtMs ? refused(taskNotFound()) : decide(head, nowMs, first);
}

/** Make the verdict that writes a change; the one place where a status changes. */
export function write<Value>(head: TaskHead, nowMs: number, change: Change, value: Value): Verdict<Value> {
  const { status, put, delete: deleted, proof } = change;
  const error = status && transitionError(head.taskId, head.status, status);
  if (error) return refused(error);
  const lastUpdatedAtMs = Math.max(head.lastUpdatedAtMs, nowMs);
  // The spread comes last, or every patch would get a hidden class of its own.
  const patch: TaskPatch = {
    head: status === undefined ? { lastUpdatedAtMs, ...change.head } : { lastUpdatedAtMs, status, ...change.head },
    put: put?.length === 0 ? undefined : put,
    delete: deleted?.length === 0 ? undefined : deleted,
  };
  return { kind: 'write', patch, value, proof };
}

/** Make the verdict that writes nothing. */
export function done<Value>(value: Value): Verdict<Value> {
  return { kind: 'done', value };
}

/** Make the verdict of a rule that does not hold for this head. */
export function refused(error: TaskError): { readonly kind: 'refused'; readonly error: TaskError } {
  return { kind: 'refused', error };
}
