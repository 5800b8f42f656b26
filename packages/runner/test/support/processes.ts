import { memoryStore, TaskError } from '@mcp-tasks/store';
import { createTasks, type TasksOptions } from '../../src/index.ts';
import { fakeClock } from '../../src/testing.ts';
import { counted } from './counted-store.ts';

export const LEASE_MS = 3_000;

/** Several task layers on one store and one clock, as so many processes; each can be cut off from the store. */
export function processes() {
  const clock = fakeClock();
  const store = memoryStore();
  const make = (options: TasksOptions = {}) => {
    const own = counted(store);
    const errors: unknown[] = [];
    const tasks = createTasks({
      store: own.store,
      clock,
      leaseMs: LEASE_MS,
      onBackgroundError: (error) => errors.push(error),
      ...options,
    });
    return {
      tasks,
      errors,
      calls: own.calls,
      interference: own.interference,
      start: (tool: string, args = {}) => tasks.startTask({ tool, owner: 'alice', arguments: args }),
      /** From now on no call reaches the store: what a crash looks like from outside. */
      crash: () => {
        own.interference.before = () => {
          throw new TaskError('STORE_UNAVAILABLE', 'this process is dead', { retryable: false });
        };
      },
      /** From now on the store gives this process no hints. */
      unwatch: () => {
        delete own.store.watch;
      },
      revive: () => {
        delete own.interference.before;
      },
    };
  };
  return { clock, store, make };
}
