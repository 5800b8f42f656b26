import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { newWriteId, type TaskHead, type TaskStore } from '@mcp-tasks/store';

const HOUR_MS = 3_600_000;
const NO_LIMITS = { maxActiveTasks: 1e6, maxStoredTasks: 1e6, maxStoredBytes: 1e12 };
/** Creates under way at once, and ended tasks looked for at once. */
const CHUNK = 50;

/** A task that no process has begun. */
export interface DueTask {
  readonly tool: string;
  readonly owner: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

/** Store tasks that are due, as a process stores them that has no free slot. @returns their ids. */
export async function createDue(store: TaskStore, tasks: readonly DueTask[]): Promise<readonly string[]> {
  const taskIds: string[] = [];
  for (let from = 0; from < tasks.length; from += CHUNK) {
    const chunk = tasks.slice(from, from + CHUNK);
    taskIds.push(...(await Promise.all(chunk.map((task) => createOne(store, task)))));
  }
  return taskIds;
}

async function createOne(store: TaskStore, task: DueTask): Promise<string> {
  const nowMs = Date.now();
  const head: TaskHead = {
    taskId: randomUUID(),
    owner: task.owner,
    version: 1,
    writeId: newWriteId(),
    status: 'working',
    createdAtMs: nowMs,
    lastUpdatedAtMs: nowMs,
    ttlMs: HOUR_MS,
    expiresAtMs: nowMs + HOUR_MS,
    pollIntervalMs: 1_000,
    handler: task.tool,
    queue: '',
    callDigest: '',
    attempt: 0,
    crashCount: 0,
    dueAtMs: nowMs,
    openQuestions: [],
    entryBytes: 0,
  };
  const call = { kind: 'call', name: '', value: JSON.stringify({ arguments: task.arguments }) } as const;
  const outcome = await store.create({ head, entries: [call], limits: NO_LIMITS, nowMs });
  if (outcome.status !== 'created') throw new TypeError(`a due task is ${outcome.status}`);
  return head.taskId;
}

/** Wait until all of these tasks have ended. @returns their heads. */
export async function untilEnded(store: TaskStore, taskIds: readonly string[]): Promise<readonly TaskHead[]> {
  const ended: TaskHead[] = [];
  let open = [...taskIds];
  const deadlineMs = Date.now() + 120_000;
  while (open.length > 0) {
    const records = await store.get({ taskIds: open.slice(0, CHUNK), kinds: [], nowMs: Date.now() });
    const over = records
      .map(({ head }) => head)
      .filter(({ status }) => !['working', 'input_required'].includes(status));
    const overIds = new Set(over.map(({ taskId }) => taskId));
    ended.push(...over);
    open = open.filter((taskId) => !overIds.has(taskId));
    if (over.length > 0) continue;
    if (Date.now() > deadlineMs) throw new Error(`${open.length} of ${taskIds.length} tasks have not ended`);
    await sleep(20);
  }
  return ended;
}
