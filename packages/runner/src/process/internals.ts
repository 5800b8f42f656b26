import { checkCopy, MADE_BY } from '@mcp-tasks/store/rules';
import type { Tasks } from '../api/tasks.ts';
import type { CountedClock } from '../core/counted-clock.ts';
import type { TaskLayer } from '../core/task-layer.ts';
import { THIS_COPY } from '../core/this-copy.ts';
import type { Lifecycle } from './lifecycle.ts';
import type { Runs } from './runs.ts';

/** The inside of a task layer, for packages that build on it and for tests that count. */
export interface Internals {
  readonly layer: TaskLayer;
  readonly clock: CountedClock;
  readonly runs: Runs;
  readonly lifecycle: Lifecycle;
  /** All callers of this process are one owner, who may have every slot. */
  servesOneOwner(): void;
  /** Callers of this process may be any owner, each of whom gets its share of the slots alone. */
  servesOtherOwners(): void;
}

const INTERNALS = new WeakMap<Tasks, Internals>();

/** Make the inside of a task layer known to {@link internalsOf}. */
export function exposeInternals(tasks: Tasks, internals: Internals): void {
  INTERNALS.set(tasks, internals);
  Object.defineProperty(tasks, MADE_BY, { value: THIS_COPY });
}

/**
 * Find the inside of a task layer.
 *
 * @throws {TypeError} it was not made by `createTasks`. @throws {TaskError} COPIES_MIXED - as {@link checkTasksCopy}.
 */
export function internalsOf(tasks: Tasks): Internals {
  const internals = INTERNALS.get(tasks);
  if (internals !== undefined) return internals;
  checkTasksCopy(tasks);
  throw new TypeError('tasks must be made by createTasks.');
}

/**
 * Refuse a task layer of another copy of this package, whose tools and workflows would be missed here in silence.
 *
 * @throws {TaskError} COPIES_MIXED - it was made by another copy; the message names the files of both.
 */
export function checkTasksCopy(tasks: Tasks): void {
  checkCopy(tasks, THIS_COPY, 'The task layer');
}

/** Counts of what a task layer holds in memory, by kind. */
export interface TasksInspection {
  /** Runs that may still write. */
  readonly runs: number;
  /** Timers that have not fired. */
  readonly timers: number;
  /** Waiters for changes of a task: runs, and callers of `waitFor` and `watch`. */
  readonly waiters: number;
}

/**
 * Count what a task layer holds, to check that it released everything.
 *
 * @throws {TypeError} it was not made by `createTasks`. @throws {TaskError} COPIES_MIXED - by that of another copy.
 *
 * @example
 * const { runs, timers, waiters } = inspect(tasks);
 * console.assert(runs === 0 && waiters === 0, `${timers} timers are left`);
 */
export function inspect(tasks: Tasks): TasksInspection {
  const { layer, clock, runs } = internalsOf(tasks);
  return { runs: runs.active.size, timers: clock.timers, waiters: layer.hub.size };
}
