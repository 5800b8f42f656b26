import { randomUUID } from 'node:crypto';
import {
  type ClaimTasks,
  type CreateTask,
  newWriteId,
  TASK_ENTRY_KINDS,
  type TaskEntry,
  type TaskHead,
  type TaskStore,
  type UpdateTask,
} from '@mcp-tasks/store';

/**
 * The present of most tests: so far back that what follows within half a day has expired, or is due, by a server too.
 * Another process has its own, some seconds later.
 */
export const NOW_MS = Date.now() - 12 * 3_600_000;

/** The head of a queued task with an hour to live: without a holder, and due. */
export function newHead(fields: Partial<TaskHead> = {}): TaskHead {
  return {
    taskId: randomUUID(),
    owner: 'owner',
    version: 1,
    writeId: newWriteId(),
    status: 'working',
    createdAtMs: NOW_MS,
    lastUpdatedAtMs: NOW_MS,
    ttlMs: 3_600_000,
    expiresAtMs: NOW_MS + 3_600_000,
    pollIntervalMs: 1_000,
    handler: 'tool',
    queue: '',
    callDigest: 'digest',
    attempt: 0,
    crashCount: 0,
    dueAtMs: NOW_MS,
    openQuestions: [],
    entryBytes: 0,
    ...fields,
  };
}

/** Limits that refuse no create of a test. */
export const ROOMY = { maxActiveTasks: 100_000, maxStoredTasks: 100_000, maxStoredBytes: 2 ** 40 };

/** A create that no limit refuses. */
export function newTask(fields: Partial<TaskHead> = {}, more: Partial<CreateTask> = {}): CreateTask {
  return { head: newHead(fields), entries: [], limits: ROOMY, nowMs: NOW_MS, ...more };
}

/** The fields of a head that a run of `process-1` holds; its lease ends at `NOW_MS`. */
export const HELD = { attempt: 1, holder: 'process-1' } satisfies Partial<TaskHead>;

/** The lease that a held task has. */
export function leaseOf({ taskId }: Pick<TaskHead, 'taskId'>) {
  return { taskId, ...HELD };
}

/** Store a task; its head. */
export async function stored(
  store: TaskStore,
  fields: Partial<TaskHead> = {},
  entries: readonly TaskEntry[] = [],
): Promise<TaskHead> {
  const { head } = newTask(fields);
  await store.create(newTask(head, { entries }));
  return head;
}

/** A write that only puts a checkpoint. */
export function checkpoint(head: TaskHead, name: string, value = '1'): UpdateTask {
  const put = [{ kind: 'checkpoint' as const, name, value }];
  return { taskId: head.taskId, expected: head, writeId: newWriteId(), patch: { head: {}, put }, nowMs: NOW_MS };
}

/** A claim of up to 100 tasks of the handler `tool` in the built-in queue by `process-1`, for a minute. */
export function claimOf(more: Partial<ClaimTasks> = {}): ClaimTasks {
  return {
    handlers: [{ name: 'tool' }],
    queues: [''],
    holder: 'process-1',
    writeId: newWriteId(),
    leaseMs: 60_000,
    limit: 100,
    perOwner: 100,
    suspects: 100,
    takesLostRuns: true,
    kinds: TASK_ENTRY_KINDS,
    nowMs: NOW_MS,
    ...more,
  };
}
