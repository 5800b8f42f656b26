import type { ClaimTasks, CreateTask, OwnerLimits, TaskEntry, TaskHead, UpdateTask } from '../src/index.ts';

/** The present of tests that need none in particular. */
export const T0_MS = 1_790_000_000_000;
export const HOUR_MS = 3_600_000;

/** The one entry of a task that `newTask` makes. */
export const CALL: TaskEntry = { kind: 'call', name: '', value: '{"arguments":{}}' };
const CALL_BYTES = 16;

/** Limits that stop no test by chance. */
export const WIDE_LIMITS: OwnerLimits = {
  maxActiveTasks: 1_000_000,
  maxStoredTasks: 1_000_000,
  maxStoredBytes: 1_000_000_000,
};

/** A head as the task layer makes it: queued, never run, one hour to live. */
export function newHead(fields: Partial<TaskHead> = {}): TaskHead {
  const createdAtMs = fields.createdAtMs ?? T0_MS;
  const ttlMs = fields.ttlMs ?? HOUR_MS;
  return {
    taskId: 'task-1',
    owner: 'alice',
    version: 1,
    writeId: 'created',
    status: 'working',
    createdAtMs,
    lastUpdatedAtMs: createdAtMs,
    ttlMs,
    expiresAtMs: createdAtMs + ttlMs,
    pollIntervalMs: 1_000,
    handler: 'count',
    queue: '',
    callDigest: 'digest',
    attempt: 0,
    crashCount: 0,
    dueAtMs: createdAtMs,
    openQuestions: [],
    entryBytes: CALL_BYTES,
    ...fields,
  };
}

/** A create with room for a million tasks. */
export function newTask(fields: Partial<TaskHead> = {}, rest: Partial<Omit<CreateTask, 'head'>> = {}): CreateTask {
  const head = newHead(fields);
  return {
    head,
    entries: [CALL],
    limits: WIDE_LIMITS,
    nowMs: head.createdAtMs,
    ...rest,
  };
}

/** A claim by a process that has room for everything; a write id can be given once. */
export function newClaim(fields: Partial<ClaimTasks> = {}): ClaimTasks {
  return {
    handlers: [{ name: 'count' }],
    queues: [''],
    holder: 'here',
    writeId: 'claimed',
    leaseMs: 20_000,
    limit: 100,
    perOwner: 100,
    suspects: 100,
    takesLostRuns: true,
    kinds: [],
    nowMs: T0_MS,
    ...fields,
  };
}

/** A write to a task that nothing was written to since it was created. */
export function firstWrite(fields: Partial<UpdateTask> = {}): UpdateTask {
  return {
    taskId: 'task-1',
    expected: { version: 1, writeId: 'created' },
    writeId: 'written',
    patch: { head: {} },
    nowMs: T0_MS,
    ...fields,
  };
}
