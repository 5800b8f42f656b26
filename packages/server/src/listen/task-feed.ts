import type { OwnerTasks } from '@mcp-tasks/runner';
import { type Clock, TaskError, type TaskRecord } from '@mcp-tasks/store';
import { isTerminalStatus } from '@mcp-tasks/wire';
import { DETAILED_TASK_KINDS } from '../show/codec-2026.ts';

const RETRY_READ_MS = 1_000;

/** The changes of some tasks of one owner, pulled: a slow reader skips states in between, never the last one. */
export interface TaskFeed {
  /**
   * Wait for the next state of any of the tasks, in full: first each task as it is now, then every later version
   * at most once, a terminal one always.
   *
   * @returns undefined when every task is terminal or gone, or the feed was closed.
   * @throws {TaskError} the store failed in a way that waiting does not mend.
   */
  next(): Promise<TaskRecord | undefined>;
  /** Stop watching. Safe to call twice. */
  close(): void;
}

/** Watch tasks of one owner. A read follows every registration and every hint, so no change is lost. */
export function openTaskFeed(tasks: OwnerTasks, taskIds: readonly string[], clock: Clock): TaskFeed {
  const sentVersions = new Map(taskIds.map((taskId) => [taskId, 0]));
  const changed = new Set<string>();
  const stops = new Map<string, () => void>();
  const retries = new Map<string, () => void>();
  let wake = (): void => undefined;

  const drop = (taskId: string): void => {
    sentVersions.delete(taskId);
    changed.delete(taskId);
    for (const undo of [stops, retries]) {
      undo.get(taskId)?.();
      undo.delete(taskId);
    }
  };
  const note = (taskId: string): void => {
    if (sentVersions.has(taskId)) changed.add(taskId);
    wake();
  };

  for (const taskId of taskIds) {
    const stop = tasks.watch(taskId, (head) => {
      if (head === undefined) drop(taskId);
      if (head === undefined || head.version > (sentVersions.get(taskId) ?? 0)) note(taskId);
    });
    if (sentVersions.has(taskId)) stops.set(taskId, stop);
    else stop();
  }
  for (const taskId of sentVersions.keys()) changed.add(taskId);

  const read = async (taskId: string): Promise<TaskRecord | undefined> => {
    try {
      return await tasks.get(taskId, DETAILED_TASK_KINDS);
    } catch (error) {
      if (TaskError.is(error, 'TASK_NOT_FOUND') || TaskError.is(error, 'STORE_CLOSED')) {
        // Gone, or the server shuts down: nothing more will be told of it.
        drop(taskId);
      } else if (TaskError.is(error, 'STORE_UNAVAILABLE')) {
        retries.set(
          taskId,
          clock.after(RETRY_READ_MS, () => {
            note(taskId);
          }),
        );
      } else {
        throw error;
      }
      return undefined;
    }
  };

  return {
    async next() {
      while (sentVersions.size > 0) {
        const [taskId] = changed;
        if (taskId === undefined) {
          await new Promise<void>((resolve) => (wake = resolve));
          continue;
        }
        changed.delete(taskId);
        const record = await read(taskId);
        if (record === undefined || record.head.version <= (sentVersions.get(taskId) ?? Infinity)) continue;
        sentVersions.set(taskId, record.head.version);
        if (isTerminalStatus(record.head.status)) drop(taskId);
        return record;
      }
      return undefined;
    },
    close() {
      for (const taskId of [...sentVersions.keys()]) drop(taskId);
      wake();
    },
  };
}
