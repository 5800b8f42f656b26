/**
 * Where a rule becomes a write: every change by a rule goes through here. There are no locks. Of two writers one wins
 * the compare-and-set; the other applies its rule again to the head that won. After a lost answer the write is sent
 * again, and the rule finds its own effect. No section of the specification decides this.
 */
import type { Clock } from '../port/clock.ts';
import { taskNotFound } from '../port/failures.ts';
import type { TaskEntryKey, TaskEntryKind, TaskHead, TaskRecord } from '../port/record.ts';
import { TaskError } from '../port/task-error.ts';
import type { TaskStore, UpdateTaskOutcome } from '../port/task-store.ts';
import { resend } from './resend.ts';
import type { Rule } from './rule.ts';

/** Each lost race means that another writer of the same task won one. */
const MAX_TRIES = 100;

/** Outcome of a rule. */
export interface RuleOutcome<Value> {
  /** The present head: after the write, or as the rule found it. */
  readonly head: TaskHead;
  readonly value: Value;
  /** True when this call changed the task. */
  readonly wrote: boolean;
  /** The head that the rule was applied to last. */
  readonly before: TaskHead;
}

/**
 * Decide with a rule and write what it decides, with one compare-and-set per try.
 *
 * After a lost race the rule is applied to the head that came back. A write whose answer was lost is sent again: each
 * rule finds its own effect. Given an id, it reads the head first.
 *
 * @throws {TaskError} TASK_NOT_FOUND - no live task has this id; STORE_CONFLICT (retryable) - too many lost races;
 *   STORE_UNAVAILABLE - also after sending again; every error with which the rule refuses.
 */
export async function applyRule<Value>(
  store: TaskStore,
  clock: Clock,
  task: TaskHead | string,
  rule: Rule<Value>,
): Promise<RuleOutcome<Value>> {
  const first = typeof task === 'string' ? (await read(store, clock, task, [])).head : task;
  const { taskId } = first;
  let head = first;
  let isUnsure = false;
  for (let tryNumber = 1; tryNumber <= MAX_TRIES; tryNumber += 1) {
    const before = head;
    const verdict = rule(before, clock.nowMs(), first);
    if (verdict.kind === 'refused') throw verdict.error;
    // After a lost answer, an effect that is there now counts as written by this call.
    if (verdict.kind === 'done') return { head, value: verdict.value, wrote: isUnsure, before };
    const { patch, value, proof } = verdict;
    const send = () => store.update({ taskId, expectedVersion: before.version, patch, nowMs: clock.nowMs() });
    let answer: UpdateTaskOutcome;
    try {
      answer = await send();
    } catch (error) {
      answer = await resend(clock, send, error);
      isUnsure = true;
    }
    if (answer.status === 'not-found') throw taskNotFound();
    if (answer.status === 'updated') return { head: answer.head, value, wrote: true, before };
    head = answer.head;
    const proven = proof && (await readProof(store, clock, taskId, proof));
    if (proven) return { head: proven, value, wrote: true, before };
  }
  throw new TaskError('STORE_CONFLICT', `Task ${taskId} is written by too many at once: try again.`, {
    details: { taskId },
    retryable: true,
  });
}

async function read(
  store: TaskStore,
  clock: Clock,
  taskId: string,
  kinds: readonly TaskEntryKind[],
): Promise<TaskRecord> {
  const send = () => store.get({ taskIds: [taskId], kinds, nowMs: clock.nowMs() });
  const [record] = await send().catch((error: unknown) => resend(clock, send, error));
  if (record === undefined) throw taskNotFound();
  return record;
}

async function readProof(
  store: TaskStore,
  clock: Clock,
  taskId: string,
  proof: TaskEntryKey,
): Promise<TaskHead | undefined> {
  const { head, entries } = await read(store, clock, taskId, [proof.kind]);
  return entries.some((entry) => entry.kind === proof.kind && entry.name === proof.name) ? head : undefined;
}
