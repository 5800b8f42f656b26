import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import {
  type ClaimTasks,
  type CreateTask,
  type OwnerLimits,
  TASK_ENTRY_KINDS,
  type TaskEntry,
  type TaskEntryKind,
  type TaskHead,
  type TaskPatch,
  type TaskRecord,
  type TaskStore,
  type UpdateTask,
} from '@mcp-tasks/store';

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/** How far back a case begins where a server's present is the end of what may expire; no case takes longer. */
export const SERVER_PAST_MS = 12 * HOUR_MS;

/** Limits that no case reaches by accident. */
export const ROOMY_LIMITS: OwnerLimits = {
  maxActiveTasks: 1_000_000,
  maxStoredTasks: 1_000_000,
  maxStoredBytes: 2 ** 40,
};

/** Limits on the numbers of tasks, with room for any bytes. */
export function limitsOf(maxActiveTasks: number, maxStoredTasks: number): OwnerLimits {
  return { ...ROOMY_LIMITS, maxActiveTasks, maxStoredTasks };
}

/** The id of the write that made this version, in cases with one writer. */
export function writeIdOf(version: number): string {
  return `write ${version}`;
}

/**
 * An update of the version that a case's one writer made last. A writer in a race gives a write id of its own, and the
 * next one expects it.
 */
export function updateAt(taskId: string, version: number, patch: TaskPatch, nowMs: number): UpdateTask {
  const expected = { version, writeId: writeIdOf(version) };
  return { taskId, expected, writeId: writeIdOf(version + 1), patch, nowMs };
}

/** An update of this head, by a write with an id of its own. */
export function updateOf(head: TaskHead, patch: TaskPatch, nowMs: number, more: Partial<UpdateTask> = {}): UpdateTask {
  return { taskId: head.taskId, expected: head, writeId: randomUUID(), patch, nowMs, ...more };
}

/** The head of a new task: working, parked, an hour to live from its creation. */
export function newTask(nowMs: number, fields: Partial<TaskHead> = {}): TaskHead {
  const createdAtMs = fields.createdAtMs ?? nowMs;
  const ttlMs = fields.ttlMs ?? HOUR_MS;
  return {
    taskId: randomUUID(),
    owner: 'owner',
    version: 1,
    writeId: writeIdOf(1),
    status: 'working',
    createdAtMs,
    lastUpdatedAtMs: createdAtMs,
    ttlMs,
    expiresAtMs: createdAtMs + ttlMs,
    pollIntervalMs: 1_000,
    handler: 'tool',
    queue: '',
    callDigest: 'a'.repeat(64),
    attempt: 0,
    crashCount: 0,
    dueAtMs: null,
    openQuestions: [],
    entryBytes: 0,
    ...fields,
  };
}

/** A create of this head. */
export function creation(head: TaskHead, more: Partial<CreateTask> = {}): CreateTask {
  return { head, entries: [], limits: ROOMY_LIMITS, nowMs: head.createdAtMs, ...more };
}

/** A claim of up to 100 tasks of the handler `tool` in the built-in queue, for a minute. */
export function claimOf(nowMs: number, more: Partial<ClaimTasks> = {}): ClaimTasks {
  return {
    handlers: [{ name: 'tool' }],
    queues: [''],
    holder: 'process-1',
    writeId: randomUUID(),
    leaseMs: MINUTE_MS,
    limit: 100,
    perOwner: 100,
    suspects: 100,
    takesLostRuns: true,
    kinds: TASK_ENTRY_KINDS,
    nowMs,
    ...more,
  };
}

/** Create a task that must not exist yet. */
export async function stored(store: TaskStore, head: TaskHead, entries: readonly TaskEntry[] = []): Promise<TaskHead> {
  const outcome = await store.create(creation(head, { entries }));
  assert.equal(outcome.status, 'created', `create of a new task answered ${outcome.status}`);
  return head;
}

/** Read one live task with the entries of these kinds; undefined when there is none. */
export async function readTask(
  store: TaskStore,
  taskId: string,
  nowMs: number,
  kinds: readonly TaskEntryKind[] = TASK_ENTRY_KINDS,
): Promise<TaskRecord | undefined> {
  const records = await store.get({ taskIds: [taskId], kinds, nowMs });
  assert.ok(records.length <= 1, 'get of one id answered several records');
  const [record] = records;
  return record && { head: record.head, entries: record.entries.filter(({ kind }) => kinds.includes(kind)) };
}

/** Read one task that must be live. */
export async function mustRead(store: TaskStore, taskId: string, nowMs: number): Promise<TaskRecord> {
  const record = await readTask(store, taskId, nowMs);
  assert.ok(record !== undefined, `get does not find task ${taskId}`);
  return record;
}

/**
 * Fail unless the heads say the same; a field that is undefined is absent. The bytes of entries, which the store
 * counts, have cases of their own.
 */
export function assertSameHead(actual: TaskHead, expected: TaskHead, message: string): void {
  assert.deepEqual(plain(actual), plain(expected), message);
}

/** Fail unless the same entries are there, in any order. */
export function assertSameEntries(actual: readonly TaskEntry[], expected: readonly TaskEntry[], message: string): void {
  assert.deepEqual(actual.map(asLine).sort(), expected.map(asLine).sort(), message);
}

function asLine({ kind, name, value }: TaskEntry): string {
  return JSON.stringify([kind, name, value]);
}

function plain(head: TaskHead): unknown {
  return JSON.parse(JSON.stringify({ ...head, entryBytes: 0 }));
}
