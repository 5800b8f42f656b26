import type { CountedClock } from './counted-clock.ts';
import type { Runs } from './runs.ts';
import type { Tasks } from './tasks.ts';
import type { WaiterHub } from '@mcp-tasks/store';

/** What a test may want to count in a task layer. */
interface Internals {
  readonly clock: CountedClock;
  readonly runs: Runs;
  readonly hub: WaiterHub;
}

const INTERNALS = new WeakMap<Tasks, Internals>();

/** Make the inside of a task layer known to {@link inspect}. */
export function exposeInternals(tasks: Tasks, internals: Internals): void {
  INTERNALS.set(tasks, internals);
}

/** How much a task layer holds in memory, by kind. */
export interface TasksInspection {
  /** Runs that may still write. */
  readonly runs: number;
  /** Tasks created here that wait for a slot. */
  readonly queued: number;
  /** Timers that have not fired. */
  readonly timers: number;
  /** Those who wait for changes of a task: runs, and callers of `waitFor` and `watch`. */
  readonly waiters: number;
}

/**
 * Count what a task layer holds, to see that nothing stays behind.
 *
 * @throws {TypeError} it was not made by `createTasks`.
 */
export function inspect(tasks: Tasks): TasksInspection {
  const internals = INTERNALS.get(tasks);
  if (internals === undefined) throw new TypeError('tasks was not made by createTasks');
  const { clock, runs, hub } = internals;
  return { runs: runs.active.size, queued: runs.queuedCount, timers: clock.timers, waiters: hub.size };
}
