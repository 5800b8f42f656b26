import type { TaskStore } from '../port/task-store.ts';
import { MemoryTaskStore } from './memory-task-store.ts';

/**
 * Keep tasks in the memory of this process: the fast store, for tests, for one process, for tasks that may be lost with
 * it.
 *
 * Every promise of {@link TaskStore} holds, within the process. A page costs the records that are on it. An expired
 * task costs only its memory until `deleteExpired` removes it. The store has no timer and no limit of its own. `close`
 * drops all tasks.
 *
 * @example
 * const layer = createTasks({ store: memoryStore() });
 */
export function memoryStore(): TaskStore {
  return new MemoryTaskStore();
}
