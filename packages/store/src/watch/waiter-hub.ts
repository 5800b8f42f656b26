/**
 * Where a process waits for changes of tasks: polling clients, `tasks/result`, listeners and parked runs. One hub reads
 * for all waiters, so that the cost does not depend on their number. Hints make it faster and may be lost; its ticks
 * find every change. It serves what 2025-11-25, Tasks, "Retrieving Task Results" (blocks until the end) and "Task
 * Status Notification" ask for.
 */
import type { Clock } from '../port/clock.ts';
import { TaskError } from '../port/task-error.ts';
import type { TaskHint, TaskStore } from '../port/task-store.ts';
import { ANY_VERSION, AwaitedTasks, type TaskWaiter } from './awaited-tasks.ts';

/** Options of {@link WaiterHub}. */
export interface WaiterHubOptions {
  readonly store: TaskStore;
  readonly clock: Clock;
  /** Time between two reads of all awaited tasks while the store gives no hints; default 1 s. */
  readonly tickMs?: number | undefined;
  /** The same time while the store gives hints; default 15 s. */
  readonly watchedTickMs?: number | undefined;
}

/**
 * All waiting of a process: one watch, one timer, and at most one read at a time, of heads only, for all waiters.
 *
 * A read follows each registration and each hint that is news to a waiter. A tick reads all awaited tasks, and so does
 * the earliest expiry. Lost and repeated hints therefore cost time, never a change. The next tick repeats a read that
 * failed.
 */
export class WaiterHub {
  readonly #store: TaskStore;
  readonly #clock: Clock;
  readonly #tickMs: number;
  readonly #watchedTickMs: number;
  readonly #awaited = new AwaitedTasks();
  /** Tasks for the next read, each with the version that the read is for. */
  readonly #wanted = new Map<string, number>();
  #isScheduled = false;
  #reading: Promise<void> | undefined;
  #watching: Promise<(() => Promise<void>) | undefined> | undefined;
  #isWatched = false;
  #isClosed = false;
  #listener: ((hint: TaskHint) => void) | undefined;
  #tickAtMs = Infinity;
  /** Instant before which no awaited task expires; may be too early, never too late. */
  #expiryAtMs = Infinity;
  #timer: { readonly atMs: number; readonly cancel: () => void } | undefined;

  constructor({ store, clock, tickMs = 1_000, watchedTickMs = 15_000 }: WaiterHubOptions) {
    this.#store = store;
    this.#clock = clock;
    this.#tickMs = tickMs;
    this.#watchedTickMs = watchedTickMs;
  }

  /** Number of waiters. */
  get size(): number {
    return this.#awaited.waiterCount;
  }

  /** True while the store gives hints. */
  get isWatched(): boolean {
    return this.#isWatched;
  }

  /** Hand every hint to this listener, and begin the watch, also without waiters; called again, it tries again. */
  listen(listener: (hint: TaskHint) => void): void {
    this.#listener = listener;
    if (!this.#isClosed) this.#watch();
  }

  /**
   * Wait for changes of a task; a read follows.
   *
   * @returns ends the wait; safe to call twice.
   * @throws {TaskError} STORE_CLOSED - the hub is closed.
   */
  add(waiter: TaskWaiter): () => void {
    if (this.#isClosed) throw hubClosed();
    if (this.#awaited.size === 0) this.#tickAtMs = this.#nextTickAtMs();
    const remove = this.#awaited.add(waiter);
    this.#watch();
    this.#want(waiter.taskId, ANY_VERSION);
    return () => {
      remove();
      this.#setTimer();
    };
  }

  /** Take a hint, also of a write of this process: its waiters then need not wait for a watch or for the next tick. */
  hint({ taskId, version }: Pick<TaskHint, 'taskId' | 'version'>): void {
    if (this.#awaited.isNews(taskId, ANY_VERSION)) this.#want(taskId, version);
  }

  /** Stop waiting: every waiter gets the error STORE_CLOSED. Safe to call twice. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#listener = undefined;
    const taskIds = this.#awaited.taskIds();
    this.#awaited.tell(taskIds, hubClosed());
    this.#awaited.clear();
    this.#setTimer();
    await this.#reading;
    const stop = await this.#watching;
    this.#watching = undefined;
    await stop?.();
  }

  /** Begin the one watch; when that fails, the next tick tries again. */
  #watch(): void {
    if (this.#watching !== undefined || this.#store.watch === undefined) return;
    const begun = this.#store.watch((hint) => {
      this.hint(hint);
      this.#listener?.(hint);
    });
    this.#watching = begun.then(
      (stop) => {
        this.#isWatched = true;
        // Changes before the watch was live gave no hint.
        this.#wantAll();
        return stop;
      },
      (error: unknown) => {
        this.#watching = undefined;
        this.#awaited.tell(this.#awaited.taskIds(), error);
        return undefined;
      },
    );
  }

  /** Have a task read. Tasks wanted in one turn of the event loop, or while a read is under way, share one read. */
  #want(taskId: string, version: number): void {
    this.#wanted.set(taskId, Math.max(version, this.#wanted.get(taskId) ?? 0));
    this.#schedule();
  }

  #wantAll(): void {
    this.#tickAtMs = this.#nextTickAtMs();
    for (const taskId of this.#awaited.taskIds()) this.#want(taskId, ANY_VERSION);
  }

  #schedule(): void {
    if (this.#isScheduled || this.#reading !== undefined || this.#wanted.size === 0) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      // Look at the versions again here: by now a waiter knows of its own writes.
      const taskIds = [...this.#wanted]
        .filter(([taskId, version]) => this.#awaited.isNews(taskId, version))
        .map(([taskId]) => taskId);
      this.#wanted.clear();
      if (taskIds.length === 0) return;
      this.#reading = this.#read(taskIds).finally(() => {
        this.#reading = undefined;
        this.#schedule();
        this.#setTimer();
      });
    });
  }

  async #read(taskIds: readonly string[]): Promise<void> {
    const nowMs = this.#clock.nowMs();
    try {
      const records = await this.#store.get({ taskIds, kinds: [], nowMs });
      const heads = new Map(records.map(({ head }) => [head.taskId, head]));
      for (const head of heads.values()) this.#expiryAtMs = Math.min(this.#expiryAtMs, head.expiresAtMs);
      for (const taskId of taskIds) this.#awaited.deliver(taskId, heads.get(taskId));
    } catch (error) {
      this.#tickAtMs = Math.min(this.#tickAtMs, nowMs + this.#tickMs);
      this.#awaited.tell(taskIds, error);
    }
  }

  #nextTickAtMs(): number {
    return this.#clock.nowMs() + (this.#isWatched ? this.#watchedTickMs : this.#tickMs);
  }

  #setTimer(): void {
    const atMs = this.#awaited.size === 0 ? Infinity : Math.min(this.#tickAtMs, this.#expiryAtMs);
    if (this.#timer?.atMs === atMs) return;
    this.#timer?.cancel();
    this.#timer = undefined;
    if (atMs === Infinity) return;
    // At least one millisecond: a timer of the system may fire a little early.
    const cancel = this.#clock.after(Math.max(1, atMs - this.#clock.nowMs()), () => {
      this.#timer = undefined;
      this.#tick();
    });
    this.#timer = { atMs, cancel };
  }

  #tick(): void {
    this.#expiryAtMs = Infinity;
    this.#watch();
    this.#wantAll();
    this.#setTimer();
  }
}

function hubClosed(): TaskError {
  return new TaskError('STORE_CLOSED', 'The task layer was closed while a call waited for a task.');
}
