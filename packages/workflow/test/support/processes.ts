import { createTasks, type Tasks, type TasksOptions } from '@mcp-tasks/runner';
import { fakeClock } from '@mcp-tasks/runner/testing';
import { memoryStore, TaskError } from '@mcp-tasks/store';

export const LEASE_MS = 3_000;

/** Several task layers on one store and one clock, as so many processes; each can be cut off from the store. */
export function processes() {
  const clock = fakeClock();
  const store = memoryStore();
  const make = (options: TasksOptions = {}): { readonly tasks: Tasks; readonly crash: () => void } => {
    let isDead = false;
    const own = new Proxy(store, {
      get(target, method) {
        const found: unknown = Reflect.get(target, method);
        if (typeof found !== 'function') return found;
        return (...args: unknown[]): unknown => {
          if (isDead) throw new TaskError('STORE_UNAVAILABLE', 'this process is dead', { retryable: false });
          return (found as (...given: unknown[]) => unknown).apply(target, args);
        };
      },
    });
    const tasks = createTasks({ store: own, clock, leaseMs: LEASE_MS, onBackgroundError: () => undefined, ...options });
    return {
      tasks,
      /** From now on no call reaches the store: what a crash looks like from outside. */
      crash: () => {
        isDead = true;
      },
    };
  };
  return { clock, store, make };
}
