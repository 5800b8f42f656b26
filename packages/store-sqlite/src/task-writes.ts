import type {
  CreateTask,
  CreateTaskOutcome,
  OwnerLimits,
  TaskEntry,
  TaskHead,
  TaskLease,
  UpdateTask,
  UpdateTaskOutcome,
} from '@mcp-tasks/store';
import { headOf, headParameters, patchParameters, textToBlob } from './rows.ts';
import type { SqliteRow, SqliteSession } from './sqlite-session.ts';
import * as sql from './statements.ts';
import { decodableHeads, hexOf } from './task-reads.ts';

// What the writing methods of the port do. Each is called inside a transaction, and perhaps again in another one.

/** Add a task, unless it exists or its owner is at a limit. */
export function createTask(session: SqliteSession, input: CreateTask): CreateTaskOutcome {
  const { head, nowMs: now } = input;
  const task_id = textToBlob(head.taskId);
  const owner = textToBlob(head.owner);
  const idempotency_key = input.idempotencyKey === undefined ? null : textToBlob(input.idempotencyKey);
  const met = session.all(sql.FIND_FOR_CREATE, { task_id, owner, idempotency_key, now });
  const live = met.find(({ is_live: isLive }) => isLive === 1);
  if (live !== undefined) return { status: 'existing', head: headOf(live) };
  const limit = limitReached(session, input);
  if (limit !== undefined) return { status: 'over-quota', limit };
  for (const row of met) makeWay(session, row, head.taskId);
  const inserted = session.get(sql.INSERT_TASK, { ...headParameters(head), idempotency_key });
  putEntries(session, inserted?.['seq'] as number, input.entries);
  session.run(sql.COUNT_CHANGE);
  return { status: 'created', head };
}

function limitReached(session: SqliteSession, { head, limits, nowMs }: CreateTask): keyof OwnerLimits | undefined {
  const counted = session.get(sql.COUNT_TASKS, { owner: textToBlob(head.owner), now: nowMs });
  if ((counted?.['active'] as number) >= limits.maxActiveTasks) return 'maxActiveTasks';
  return (counted?.['stored'] as number) >= limits.maxStoredTasks ? 'maxStoredTasks' : undefined;
}

/** An expired task gives up its id, which is unique, or its idempotency key; the sweep removes it later. */
function makeWay(session: SqliteSession, { seq, task_id: taskId }: SqliteRow, newTaskId: string): void {
  const task_seq = seq as number;
  if (!textToBlob(newTaskId).equals(taskId as Uint8Array)) {
    session.run(sql.FREE_IDEMPOTENCY_KEY, { task_seq });
    return;
  }
  session.run(sql.DELETE_TASK, { task_seq });
  session.run(sql.DELETE_ENTRIES, { task_seqs: JSON.stringify([task_seq]) });
}

function putEntries(session: SqliteSession, taskSeq: number, entries: readonly TaskEntry[]): void {
  for (const { kind, name, value } of entries) {
    session.run(sql.PUT_ENTRY, { task_seq: taskSeq, kind, name: textToBlob(name), value: textToBlob(value) });
  }
}

/** Write a patch if the version is the expected one. */
export function updateTask(session: SqliteSession, input: UpdateTask): UpdateTaskOutcome {
  const { expectedVersion, patch, nowMs: now } = input;
  const task_id = textToBlob(input.taskId);
  const changes = patchParameters(patch.head);
  // One order, so that the same fields make the same statement.
  const statement = sql.updateTask(Object.keys(changes).sort());
  const updated = session.get(statement, { ...changes, task_id, expected_version: expectedVersion, now });
  if (updated === undefined) {
    const present = session.get(sql.GET_HEAD, { task_id, now });
    return present === undefined ? { status: 'not-found' } : { status: 'conflict', head: headOf(present) };
  }
  const taskSeq = updated['seq'] as number;
  for (const { kind, name } of patch.delete ?? []) {
    session.run(sql.DELETE_ENTRY, { task_seq: taskSeq, kind, name: textToBlob(name) });
  }
  putEntries(session, taskSeq, patch.put ?? []);
  session.run(sql.COUNT_CHANGE);
  return { status: 'updated', head: headOf(updated) };
}

/** Move `dueAtMs` of the tasks that are still held as each lease says. */
export function renewLeases(
  session: SqliteSession,
  input: { readonly leases: readonly TaskLease[]; readonly dueAtMs: number; readonly nowMs: number },
): readonly TaskHead[] {
  const leases = input.leases.map(({ taskId, attempt, holder }) => [hexOf(taskId), attempt, hexOf(holder)]);
  return decodableHeads(
    session.all(sql.RENEW, { leases: JSON.stringify(leases), due_at_ms: input.dueAtMs, now: input.nowMs }),
  );
}

/** Remove some expired tasks with their entries. */
export function deleteExpired(
  session: SqliteSession,
  { nowMs, limit }: { readonly nowMs: number; readonly limit: number },
): number {
  const taskSeqs = session.all(sql.DELETE_EXPIRED_TASKS, { now: nowMs, limit }).map(({ seq }) => seq);
  if (taskSeqs.length > 0) session.run(sql.DELETE_ENTRIES, { task_seqs: JSON.stringify(taskSeqs) });
  return taskSeqs.length;
}
