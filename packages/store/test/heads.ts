import type { CreateTask, TaskEntry, TaskHead } from '../src/index.ts';

/** The present of tests that need none in particular. */
export const T0_MS = 1_790_000_000_000;
export const HOUR_MS = 3_600_000;

/** A head as the task layer makes it: queued, never run, one hour to live. */
export function newHead(fields: Partial<TaskHead> = {}): TaskHead {
  const createdAtMs = fields.createdAtMs ?? T0_MS;
  const ttlMs = fields.ttlMs ?? HOUR_MS;
  return {
    taskId: 'task-1',
    owner: 'alice',
    version: 1,
    status: 'working',
    createdAtMs,
    lastUpdatedAtMs: createdAtMs,
    ttlMs,
    expiresAtMs: createdAtMs + ttlMs,
    pollIntervalMs: 1_000,
    handler: 'count',
    callDigest: 'digest',
    attempt: 0,
    crashCount: 0,
    dueAtMs: createdAtMs,
    openQuestions: [],
    ...fields,
  };
}

const CALL: TaskEntry = { kind: 'call', name: '', value: '{"arguments":{}}' };

/** A create with room for a million tasks. */
export function newTask(fields: Partial<TaskHead> = {}, rest: Partial<Omit<CreateTask, 'head'>> = {}): CreateTask {
  const head = newHead(fields);
  return {
    head,
    entries: [CALL],
    limits: { maxActiveTasks: 1_000_000, maxStoredTasks: 1_000_000 },
    nowMs: head.createdAtMs,
    ...rest,
  };
}
