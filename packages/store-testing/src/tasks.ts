import { randomUUID } from 'node:crypto';
import type { CreateTask, TaskEntry, TaskHead, TaskStore } from '@mcp-tasks/store';

/**
 * The present of most tests: so far back that what follows within half a day has expired, or is due, by a server too.
 * Another process has its own, some seconds later.
 */
export const NOW_MS = Date.now() - 12 * 3_600_000;

/** The head of a queued task with an hour to live. */
export function newHead(fields: Partial<TaskHead> = {}): TaskHead {
  return {
    taskId: randomUUID(),
    owner: 'owner',
    version: 1,
    status: 'working',
    createdAtMs: NOW_MS,
    lastUpdatedAtMs: NOW_MS,
    ttlMs: 3_600_000,
    expiresAtMs: NOW_MS + 3_600_000,
    pollIntervalMs: 1_000,
    handler: 'tool',
    callDigest: 'digest',
    attempt: 0,
    crashCount: 0,
    holder: 'process-1',
    dueAtMs: NOW_MS,
    openQuestions: [],
    ...fields,
  };
}

/** Limits that refuse no create of a test. */
export const ROOMY = { maxActiveTasks: 100_000, maxStoredTasks: 100_000 };

/** A create that no limit refuses. */
export function newTask(fields: Partial<TaskHead> = {}, more: Partial<CreateTask> = {}): CreateTask {
  return { head: newHead(fields), entries: [], limits: ROOMY, nowMs: NOW_MS, ...more };
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
export function checkpoint({ taskId, version }: TaskHead, name: string, value = '1') {
  const put = [{ kind: 'checkpoint' as const, name, value }];
  return { taskId, expectedVersion: version, patch: { head: {}, put }, nowMs: NOW_MS };
}
