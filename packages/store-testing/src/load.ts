import { setImmediate as nextTurn } from 'node:timers/promises';
import { newWriteId, TaskError, type TaskStore } from '@mcp-tasks/store';
import { newTask, NOW_MS } from './tasks.ts';

/** Writers that go on until they are told to stop, even while the server is down. */
export interface Load {
  /** The latest acknowledged version of each task, and of how many checkpoints. */
  readonly acknowledged: ReadonlyMap<string, number>;
  /** Errors of the calls that failed. */
  readonly failures: readonly unknown[];
  stop(): Promise<void>;
}

/** Create tasks and write three checkpoints to each, from several writers at once. */
export function startLoad(stores: readonly TaskStore[]): Load {
  const acknowledged = new Map<string, number>();
  const failures: unknown[] = [];
  let isStopped = false;
  const write = async (store: TaskStore): Promise<void> => {
    const { head, ...rest } = newTask();
    const { taskId } = head;
    await store.create({ ...rest, head });
    acknowledged.set(taskId, 1);
    for (let version = 1, expected = head; version < 4; version += 1) {
      const put = [{ kind: 'checkpoint' as const, name: `step ${version}`, value: String(version) }];
      const patch = { head: { statusMessage: `version ${version + 1}` }, put };
      const outcome = await store.update({ taskId, expected, writeId: newWriteId(), patch, nowMs: NOW_MS });
      // A driver may have sent the write again itself, after its answer was lost.
      if (outcome.status !== 'not-found') acknowledged.set(taskId, outcome.head.version);
      if (outcome.status !== 'updated') return;
      expected = outcome.head;
    }
  };
  const writers = stores.map(async (store) => {
    while (!isStopped) {
      await write(store).catch((error: unknown) => failures.push(error));
      await nextTurn();
    }
  });
  return {
    acknowledged,
    failures,
    async stop() {
      isStopped = true;
      await Promise.all(writers);
    },
  };
}

/** Losses of a store under a load: tasks that are gone, older than acknowledged, or of which a part is missing. */
export async function lostBy(store: TaskStore, acknowledged: ReadonlyMap<string, number>): Promise<readonly string[]> {
  const records = await store.get({ taskIds: [...acknowledged.keys()], kinds: ['checkpoint'], nowMs: NOW_MS });
  const found = new Map(records.map((record) => [record.head.taskId, record]));
  return [...acknowledged].flatMap(([taskId, version]) => {
    const record = found.get(taskId);
    if (record === undefined) return [`${taskId} is gone`];
    if (record.head.version < version) return [`${taskId} is at ${record.head.version}, not ${version}`];
    return record.entries.length === record.head.version - 1 ? [] : [`${taskId} has ${record.entries.length} entries`];
  });
}

/** Whether a failure says that the call may be sent again. */
export const isRetryable = (error: unknown): boolean => TaskError.is(error, 'STORE_UNAVAILABLE') && error.retryable;
