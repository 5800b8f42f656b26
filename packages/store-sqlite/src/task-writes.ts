import {
  type CreateTask,
  type CreateTaskOutcome,
  entryBytes,
  type OwnerLimits,
  type TaskEntry,
  type TaskHead,
  type TaskLease,
  type TaskPatch,
  type UpdateTask,
  type UpdateTaskOutcome,
} from '@mcp-tasks/store';
import { TASK_STATUSES } from '@mcp-tasks/wire';
import { headOf, headParameters, patchParameters, textToBlob } from './rows.ts';
import type { SqliteParameters, SqliteRow, SqliteSession } from './sqlite-session.ts';
import * as sql from './statements.ts';
import { decodableHeads, hexOf } from './task-reads.ts';

// What the writing methods of the port do, but claims. Each is called inside a transaction, and perhaps again in another
// one.

/** Largest number of expired tasks that a create removes. */
const REMOVED_BY_CREATE = 100;

/** Add a task, unless it exists or its owner is at a limit. */
export function createTask(session: SqliteSession, input: CreateTask): CreateTaskOutcome {
  const { entries, nowMs: now } = input;
  const head: TaskHead = { ...input.head, entryBytes: sumOfBytes(entries) };
  const task_id = textToBlob(head.taskId);
  const owner = textToBlob(head.owner);
  const idempotency_key = input.idempotencyKey === undefined ? null : textToBlob(input.idempotencyKey);
  const met = session.all(sql.FIND_FOR_CREATE, { task_id, owner, idempotency_key, now });
  const live = met.find(({ is_live: isLive }) => isLive === 1);
  if (live !== undefined) return { status: 'existing', head: headOf(live) };
  const refused = makeRoom(session, head, input);
  if (refused !== undefined) return refused;
  for (const row of met) makeWay(session, row, head.taskId);
  const inserted = session.get(sql.INSERT_TASK, { ...headParameters(head), idempotency_key, now });
  putEntries(session, inserted?.['seq'] as number, entries);
  session.run(sql.COUNT_CHANGES, { count: 1 });
  return { status: 'created', head };
}

function sumOfBytes(entries: readonly TaskEntry[]): number {
  return entries.reduce((bytes, entry) => bytes + entryBytes(entry), 0);
}

/** Remove expired tasks of the owner that stand in the way. @returns the refusal, where a limit is reached all the same. */
function makeRoom(
  session: SqliteSession,
  head: TaskHead,
  { limits, nowMs }: CreateTask,
): CreateTaskOutcome | undefined {
  const limit = limitReached(session, head, limits, nowMs);
  if (limit === undefined) return undefined;
  if (limit === 'maxActiveTasks') return { status: 'over-quota', limit, retryable: false };
  const expired = session.all(sql.LIST_EXPIRED_OF_OWNER, {
    owner: textToBlob(head.owner),
    statuses: JSON.stringify(TASK_STATUSES),
    now: nowMs,
    limit: REMOVED_BY_CREATE + 1,
  });
  const task_seqs = JSON.stringify(expired.slice(0, REMOVED_BY_CREATE).map(({ seq }) => seq));
  session.run(sql.DELETE_TASKS, { task_seqs });
  session.run(sql.DELETE_ENTRIES, { task_seqs });
  const left = limitReached(session, head, limits, nowMs);
  return left && { status: 'over-quota', limit: left, retryable: expired.length > REMOVED_BY_CREATE };
}

function limitReached(
  session: SqliteSession,
  { owner, entryBytes: bytes }: TaskHead,
  limits: OwnerLimits,
  now: number,
): keyof OwnerLimits | undefined {
  const count = { owner: textToBlob(owner), now, max_active: limits.maxActiveTasks };
  const counted = session.get(sql.COUNT_TASKS, count) as Record<'active' | 'stored' | 'bytes', number | null>;
  if ((counted.active ?? 0) >= limits.maxActiveTasks) return 'maxActiveTasks';
  if ((counted.stored ?? 0) >= limits.maxStoredTasks) return 'maxStoredTasks';
  return (counted.bytes ?? 0) + bytes > limits.maxStoredBytes ? 'maxStoredBytes' : undefined;
}

/** An expired task gives up its id, which is unique, or its idempotency key; the sweep removes it later. */
function makeWay(session: SqliteSession, { seq, task_id: taskId }: SqliteRow, newTaskId: string): void {
  if (!textToBlob(newTaskId).equals(taskId as Uint8Array)) {
    session.run(sql.FREE_IDEMPOTENCY_KEY, { task_seq: seq as number });
    return;
  }
  const task_seqs = JSON.stringify([seq]);
  session.run(sql.DELETE_TASKS, { task_seqs });
  session.run(sql.DELETE_ENTRIES, { task_seqs });
}

function putEntries(session: SqliteSession, taskSeq: number, entries: readonly TaskEntry[]): void {
  for (const { kind, name, value } of entries) {
    session.run(sql.PUT_ENTRY, { task_seq: taskSeq, kind, name: textToBlob(name), value: textToBlob(value) });
  }
}

/** Write a patch if the last write is the expected one. */
export function updateTask(session: SqliteSession, input: UpdateTask): UpdateTaskOutcome {
  const { expected, patch, writeId, nowMs: now } = input;
  const task_id = textToBlob(input.taskId);
  const changes = patchParameters(patch.head);
  const growth = growthParameters(input);
  // One order, so that the same fields make the same statement.
  const statement = sql.updateTask(Object.keys(changes).sort(), growth !== undefined);
  const updated = session.get(statement, {
    ...changes,
    ...growth,
    task_id,
    write_id: textToBlob(writeId),
    expected_version: expected.version,
    expected_write_id: textToBlob(expected.writeId),
    now,
  });
  if (updated === undefined) return notUpdated(session.get(sql.GET_HEAD, { task_id, now }), input);
  writeEntries(session, updated['seq'] as number, patch);
  session.run(sql.COUNT_CHANGES, { count: 1 });
  return { status: 'updated', head: headOf(updated) };
}

/** Tell why the compare-and-set changed nothing, from the task as it is. */
function notUpdated(present: SqliteRow | undefined, { expected, writeId }: UpdateTask): UpdateTaskOutcome {
  if (present === undefined) return { status: 'not-found' };
  const head = headOf(present);
  if (head.writeId === writeId) return { status: 'updated', head };
  const isExpected = head.version === expected.version && head.writeId === expected.writeId;
  return { status: isExpected ? 'over-quota' : 'conflict', head };
}

/** Parameters of an update for the entries of its patch; undefined when it has none. */
function growthParameters({ patch, maxStoredBytes = Infinity }: UpdateTask): SqliteParameters | undefined {
  const { put = [], delete: deleted = [] } = patch;
  const keys = [...put, ...deleted].map(({ kind, name }) => [kind, hexOf(name)]);
  if (keys.length === 0) return undefined;
  return { keys: JSON.stringify(keys), put_bytes: sumOfBytes(put), max_stored_bytes: maxStoredBytes };
}

function writeEntries(session: SqliteSession, taskSeq: number, { put = [], delete: deleted = [] }: TaskPatch): void {
  for (const { kind, name } of deleted) {
    session.run(sql.DELETE_ENTRY, { task_seq: taskSeq, kind, name: textToBlob(name) });
  }
  putEntries(session, taskSeq, put);
}

/** Move the end of the leases of tasks that are still held as each lease says. */
export function renewLeases(
  session: SqliteSession,
  input: { readonly leases: readonly TaskLease[]; readonly leaseMs: number; readonly nowMs: number },
): readonly TaskHead[] {
  const leases = input.leases.map(({ taskId, attempt, holder }) => [hexOf(taskId), attempt, hexOf(holder)]);
  const due_at_ms = input.nowMs + input.leaseMs;
  return decodableHeads(session.all(sql.RENEW, { leases: JSON.stringify(leases), due_at_ms, now: input.nowMs }));
}

/** Remove some expired tasks with their entries. @returns their heads; of one that cannot be decoded there is none. */
export function deleteExpired(
  session: SqliteSession,
  { nowMs, limit }: { readonly nowMs: number; readonly limit: number },
): readonly TaskHead[] {
  const rows = session.all(sql.DELETE_EXPIRED_TASKS, { now: nowMs, limit });
  if (rows.length === 0) return [];
  session.run(sql.DELETE_ENTRIES, { task_seqs: JSON.stringify(rows.map(({ seq }) => seq)) });
  return [...decodableHeads(rows)].sort((one, other) => one.expiresAtMs - other.expiresAtMs);
}
