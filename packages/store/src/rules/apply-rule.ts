/**
 * Where a rule becomes a write: every change by a rule goes through here. There are no locks. Of two writers one wins
 * the compare-and-set; the other applies its rule again to the head that won. After a lost answer the write is sent
 * again with its id, and happens once; with another write on top, the rule finds its own effect. No section of the specification decides this.
 */
import { isTerminalStatus } from '@mcp-tasks/wire';
import type { Clock } from '../port/clock.ts';
import { taskNotFound } from '../port/failures.ts';
import type { TaskEntryKey, TaskEntryKind, TaskHead, TaskPatch, TaskRecord } from '../port/record.ts';
import { TaskError } from '../port/task-error.ts';
import { newWriteId } from '../port/task-id.ts';
import type { TaskStore, UpdateTaskOutcome } from '../port/task-store.ts';
import { resend, type ResendOptions } from './resend.ts';
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

/** Options of {@link applyRule}. */
export interface ApplyOptions extends ResendOptions {
  /** Refuse a change that would make the owner's stored bytes grow beyond this; the end of a task is never refused. */
  readonly maxStoredBytes?: number | undefined;
}

/** The store in which a rule is applied, and for how long and how far. */
export interface ApplyAccess extends ApplyOptions {
  readonly store: TaskStore;
  readonly clock: Clock;
}

/**
 * Decide with a rule and write what it decides, with one compare-and-set per try.
 *
 * After a lost race the rule is applied to the head that came back, as a new write. A write whose answer was lost is
 * sent again with its id, so it happens once. Given an id of a task, it reads the head first.
 *
 * @throws {TaskError} TASK_NOT_FOUND - no live task has this id; TASK_QUOTA_EXCEEDED - beyond `maxStoredBytes`;
 *   STORE_CONFLICT (retryable) - too many lost races; STORE_UNAVAILABLE - also after sending again; every error with
 *   which the rule refuses.
 */
export async function applyRule<Value>(
  access: ApplyAccess,
  task: TaskHead | string,
  rule: Rule<Value>,
): Promise<RuleOutcome<Value>> {
  const { store, clock } = access;
  const first = typeof task === 'string' ? (await read(access, task, [])).head : task;
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
    const writeId = newWriteId();
    const maxStoredBytes = boundOf(patch, access);
    const send = () => store.update({ taskId, expected: before, writeId, patch, maxStoredBytes, nowMs: clock.nowMs() });
    let answer: UpdateTaskOutcome;
    try {
      answer = await send();
    } catch (error) {
      answer = await resend(clock, send, error, access);
      isUnsure = true;
    }
    if (answer.status === 'not-found') throw taskNotFound();
    if (answer.status === 'over-quota') throw overQuota(taskId, access);
    if (answer.status === 'updated') return { head: answer.head, value, wrote: true, before };
    head = answer.head;
    const proven = proof && (await readProof(access, taskId, proof));
    if (proven) return { head: proven, value, wrote: true, before };
  }
  throw new TaskError('STORE_CONFLICT', `Task ${taskId} is written by too many at once: try again.`, {
    details: { taskId },
    retryable: true,
  });
}

/** The end of a task is always stored. */
function boundOf({ head }: TaskPatch, { maxStoredBytes }: ApplyOptions): number | undefined {
  return head.status !== undefined && isTerminalStatus(head.status) ? undefined : maxStoredBytes;
}

function overQuota(taskId: string, { maxStoredBytes }: ApplyOptions): TaskError {
  return new TaskError(
    'TASK_QUOTA_EXCEEDED',
    `Nothing more is stored for task ${taskId}: its owner may store ${maxStoredBytes} bytes, and this would be more.`,
    { details: { taskId, limit: 'maxStoredBytes', maxStoredBytes } },
  );
}

async function read(
  { store, clock, ...options }: ApplyAccess,
  taskId: string,
  kinds: readonly TaskEntryKind[],
): Promise<TaskRecord> {
  const send = () => store.get({ taskIds: [taskId], kinds, nowMs: clock.nowMs() });
  const [record] = await send().catch((error: unknown) => resend(clock, send, error, options));
  if (record === undefined) throw taskNotFound();
  return record;
}

async function readProof(access: ApplyAccess, taskId: string, proof: TaskEntryKey): Promise<TaskHead | undefined> {
  const { head, entries } = await read(access, taskId, [proof.kind]);
  return entries.some((entry) => entry.kind === proof.kind && entry.name === proof.name) ? head : undefined;
}
