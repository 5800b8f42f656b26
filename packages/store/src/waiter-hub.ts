import type { Clock } from './clock.ts';
import type { TaskHead } from './record.ts';
import { TaskError } from './task-error.ts';
import type { TaskHint, TaskStore } from './task-store.ts';

/** Somebody who waits for changes of one task. */
export interface TaskWaiter {
  readonly taskId: string;
  /** The version that the waiter knows, 0 for none: it is not told of this one or older ones, and hints of them cost no read. */
  seenVersion(): number;
  /** The task has a newer version; `undefined`, as the last call, when it is gone. Versions may be left out. Must not throw. */
  notify(head: TaskHead | undefined): void;
  /** A read or the watch failed; the next tick tries again. With STORE_CLOSED none follows: the hub was closed. Must not throw. */
  failed?(error: unknown): void;
}

/** What {@link WaiterHub} works with. */
export interface WaiterHubOptions {
  readonly store: TaskStore;
  readonly clock: Clock;
  /** Time between two reads of all awaited tasks while the store gives no hints; default 1 s. */
  readonly tickMs?: number | undefined;
  /** The same while it does; default 15 s. */
  readonly watchedTickMs?: number | undefined;
}

/** A task that is awaited. */
interface Awaited {
  /** Waiters, with the version that each was told of last. */
  readonly waiters: Map<TaskWaiter, number>;
  /** The latest version that was read. */
  version: number;
}

/** Wanted whatever version is known. */
const ANY_VERSION = Infinity;

/**
 * All waiting of a process: one watch, one timer, and at most one read at a time, of heads only, for all waiters.
 *
 * A read follows each registration and each hint that is news to a waiter; a tick reads all awaited tasks, and so does
 * the earliest expiry. Lost and repeated hints therefore cost time, never a change. A read that fails is made again with
 * the next tick.
 */
export class WaiterHub {
  readonly #store: TaskStore;
  readonly #clock: Clock;
  readonly #tickMs: number;
  readonly #watchedTickMs: number;
  readonly #awaited = new Map<string, Awaited>();
  /** Tasks for the next read, with the version that makes it worth while. */
  readonly #wanted = new Map<string, number>();
  #isScheduled = false;
  #reading: Promise<void> | undefined;
  #watching: Promise<(() => Promise<void>) | undefined> | undefined;
  #isWatched = false;
  #isClosed = false;
  #tickAtMs = Infinity;
  /** No awaited task expires before; may be too early, never too late. */
  #expiryAtMs = Infinity;
  #timer: { readonly atMs: number; readonly cancel: () => void } | undefined;

  constructor({ store, clock, tickMs = 1_000, watchedTickMs = 15_000 }: WaiterHubOptions) {
    this.#store = store;
    this.#clock = clock;
    this.#tickMs = tickMs;
    this.#watchedTickMs = watchedTickMs;
  }

  /** How many wait. */
  get size(): number {
    let size = 0;
    for (const { waiters } of this.#awaited.values()) size += waiters.size;
    return size;
  }

  /**
   * Wait for changes of a task; a read follows.
   *
   * @returns ends the wait; safe to call twice.
   * @throws {TaskError} STORE_CLOSED - the hub is closed.
   */
  add(waiter: TaskWaiter): () => void {
    if (this.#isClosed) throw hubClosed();
    if (this.#awaited.size === 0) this.#tickAtMs = this.#clock.nowMs() + this.#periodMs();
    const awaited = this.#awaited.get(waiter.taskId) ?? { waiters: new Map<TaskWaiter, number>(), version: 0 };
    this.#awaited.set(waiter.taskId, awaited);
    awaited.waiters.set(waiter, 0);
    this.#watch();
    this.#want(waiter.taskId, ANY_VERSION);
    return () => {
      awaited.waiters.delete(waiter);
      if (awaited.waiters.size === 0 && this.#awaited.get(waiter.taskId) === awaited)
        this.#awaited.delete(waiter.taskId);
      this.#setTimer();
    };
  }

  /** Take a hint, also of a write of this process: its waiters need not wait for a watch, nor for the next tick. */
  hint({ taskId, version }: Pick<TaskHint, 'taskId' | 'version'>): void {
    if (this.#awaited.has(taskId)) this.#want(taskId, version);
  }

  /** Stop waiting: every waiter is told that it failed with STORE_CLOSED. Safe to call twice. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const waiters = [...this.#awaited.values()].flatMap((awaited) => [...awaited.waiters.keys()]);
    this.#awaited.clear();
    this.#setTimer();
    for (const waiter of waiters) isolated(() => waiter.failed?.(hubClosed()));
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
    });
    this.#watching = begun.then(
      (stop) => {
        this.#isWatched = true;
        // What changed before the watch was live gave no hint.
        for (const taskId of this.#awaited.keys()) this.#want(taskId, ANY_VERSION);
        return stop;
      },
      (error: unknown) => {
        this.#watching = undefined;
        this.#tell([...this.#awaited.keys()], error);
        return undefined;
      },
    );
  }

  #isNews(taskId: string, version: number): boolean {
    const awaited = this.#awaited.get(taskId);
    if (awaited === undefined) return false;
    if (version === ANY_VERSION) return true;
    return version > awaited.version && [...awaited.waiters.keys()].some((waiter) => waiter.seenVersion() < version);
  }

  /** Have a task read; what is wanted in one turn of the event loop, or while a read is under way, makes one read. */
  #want(taskId: string, version: number): void {
    this.#wanted.set(taskId, Math.max(version, this.#wanted.get(taskId) ?? 0));
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled || this.#reading !== undefined || this.#wanted.size === 0) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      // Looked at again here: by now a waiter knows of its own writes.
      const taskIds = [...this.#wanted]
        .filter(([taskId, version]) => this.#isNews(taskId, version))
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
    const isTick = taskIds.length === this.#awaited.size;
    try {
      const records = await this.#store.get({ taskIds, kinds: [], nowMs });
      if (isTick) this.#tickAtMs = nowMs + this.#periodMs();
      const heads = new Map(records.map(({ head }) => [head.taskId, head]));
      for (const taskId of taskIds) this.#deliver(taskId, heads.get(taskId));
    } catch (error) {
      this.#tickAtMs = Math.min(this.#tickAtMs, nowMs + this.#tickMs);
      this.#tell(taskIds, error);
    }
  }

  #deliver(taskId: string, head: TaskHead | undefined): void {
    const awaited = this.#awaited.get(taskId);
    if (awaited === undefined) return;
    if (head === undefined) {
      this.#awaited.delete(taskId);
    } else {
      awaited.version = Math.max(awaited.version, head.version);
      this.#expiryAtMs = Math.min(this.#expiryAtMs, head.expiresAtMs);
    }
    for (const [waiter, toldVersion] of [...awaited.waiters]) {
      // One that was removed by the call before it.
      if (!awaited.waiters.has(waiter)) continue;
      if (head !== undefined) {
        if (head.version <= Math.max(toldVersion, waiter.seenVersion())) continue;
        awaited.waiters.set(waiter, head.version);
      }
      isolated(() => {
        waiter.notify(head);
      });
    }
  }

  #tell(taskIds: readonly string[], error: unknown): void {
    for (const taskId of taskIds) {
      for (const waiter of [...(this.#awaited.get(taskId)?.waiters.keys() ?? [])])
        isolated(() => waiter.failed?.(error));
    }
  }

  #periodMs(): number {
    return this.#isWatched ? this.#watchedTickMs : this.#tickMs;
  }

  #setTimer(): void {
    const atMs = this.#awaited.size === 0 ? Infinity : Math.min(this.#tickAtMs, this.#expiryAtMs);
    if (this.#timer?.atMs === atMs) return;
    this.#timer?.cancel();
    this.#timer = undefined;
    if (atMs === Infinity) return;
    // At least a millisecond: a timer of the system may fire a little before its time.
    const cancel = this.#clock.after(Math.max(1, atMs - this.#clock.nowMs()), () => {
      this.#timer = undefined;
      this.#tick();
    });
    this.#timer = { atMs, cancel };
  }

  #tick(): void {
    this.#expiryAtMs = Infinity;
    this.#watch();
    for (const taskId of this.#awaited.keys()) this.#want(taskId, ANY_VERSION);
  }
}

function hubClosed(): TaskError {
  return new TaskError('STORE_CLOSED', 'The task layer was closed while somebody waited for a task.');
}

/** Call a waiter so that its fault, which surfaces as an uncaught exception, reaches no other waiter. */
function isolated(call: () => void): void {
  try {
    call();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
