import { newTaskId } from '@mcp-tasks/store/rules';
import { closedError, type TaskLayer } from '../core/task-layer.ts';
import { checkInteger } from '../tool/check-integer.ts';
import type { Recovery } from './recovery.ts';
import type { Runs } from './runs.ts';

const DEFAULT_DRAIN_MS = 5_000;

/** What {@link Lifecycle} starts and closes beside the layer. */
export interface LifecycleParts {
  readonly runs: Runs;
  readonly recovery: Recovery;
  /** Measure the offset of the store's time. */
  readonly measureClock: () => Promise<void>;
  /** The store was made here, and is closed here. */
  readonly ownsStore: boolean;
}

/** From open store to closed store. */
export class Lifecycle {
  readonly #layer: TaskLayer;
  readonly #parts: LifecycleParts;
  /** Calls that use the store; those that wait for a task are not among them. */
  readonly #calls = new Set<Promise<unknown>>();
  #isOpen = false;
  #hasStarted = false;
  /** Runs were given their time, and nothing reaches the store any more. */
  #isOver = false;
  #started: Promise<void> | undefined;
  #closed: Promise<void> | undefined;

  constructor(layer: TaskLayer, parts: LifecycleParts) {
    this.#layer = layer;
    this.#parts = parts;
  }

  /** Open the store and begin; a start that failed can be tried again. */
  start(): Promise<void> {
    if (this.#closed !== undefined) return Promise.reject(closedError());
    this.#started ??= this.#open().catch((error: unknown) => {
      this.#started = undefined;
      throw error;
    });
    return this.#started;
  }

  /** What a new task has to wait for: `undefined` once all is started. Rejects when the layer is closed. */
  opening(): Promise<void> | undefined {
    return this.#hasStarted && this.#closed === undefined ? undefined : this.start();
  }

  /**
   * Resolves when the store can be used, also while runs are given time to finish: their results want to be fetched.
   * `undefined` when it can be used at once.
   */
  ready(): Promise<void> | undefined {
    if (this.#isOver) return Promise.reject(closedError());
    return this.#hasStarted ? undefined : (this.#started ?? this.start());
  }

  /** Let a call that uses the store finish before it is closed. */
  during<Value>(going: Promise<Value>): Promise<Value> {
    const leave = () => this.#calls.delete(going);
    this.#calls.add(going);
    going.then(leave, leave);
    return going;
  }

  close(drainMs?: number): Promise<void> {
    checkInteger('drainMs', drainMs, 0);
    this.#closed ??= this.#close(drainMs ?? DEFAULT_DRAIN_MS);
    return this.#closed;
  }

  async #open(): Promise<void> {
    const { store, executor } = this.#layer;
    if (!this.#isOpen) await store.open?.();
    this.#isOpen = true;
    await this.#parts.measureClock();
    await executor.start(this.#parts.runs);
    this.#parts.recovery.start();
    this.#hasStarted = true;
  }

  async #close(drainMs: number): Promise<void> {
    const { hub, executor, store, loopWatch } = this.#layer;
    const wasStarted = await this.#wasStarted();
    if (wasStarted) await this.#drain(drainMs);
    this.#isOver = true;
    await hub.close();
    await executor.close();
    loopWatch.close();
    // Whoever hands over a store that needs no opening closes it.
    if (this.#parts.ownsStore || (this.#isOpen && store.open !== undefined)) await store.close();
  }

  async #wasStarted(): Promise<boolean> {
    try {
      await this.#started;
      return this.#started !== undefined;
    } catch {
      // Whoever called start was told.
      return false;
    }
  }

  async #drain(drainMs: number): Promise<void> {
    const { runs, recovery } = this.#parts;
    recovery.stopAdopting();
    await Promise.allSettled(this.#calls);
    await runs.release(this.#layer.executor.drain());
    for (const run of runs.active.values()) run.parkIfWaiting();
    await this.#within(drainMs, runs.settled());
    await runs.shutDown();
    // Each is given up after its grace at the latest.
    await runs.settled();
    await this.#lastNews();
    await recovery.stop();
  }

  /** Those who wait hear of what the last runs wrote, and may fetch it. */
  async #lastNews(): Promise<void> {
    // A read of a new waiter also brings what others were promised before.
    await new Promise<void>((resolve) => {
      const leave = this.#layer.hub.add({
        taskId: newTaskId(),
        seenVersion: () => 0,
        notify: () => {
          resolve();
        },
        failed: () => {
          leave();
          resolve();
        },
      });
    });
    do {
      await new Promise((resolve) => setImmediate(resolve));
      await Promise.allSettled(this.#calls);
    } while (this.#calls.size > 0);
  }

  async #within(ms: number, work: Promise<void>): Promise<void> {
    if (ms === 0) return;
    let cancel: () => void = () => undefined;
    const deadline = new Promise<void>((resolve) => {
      cancel = this.#layer.clock.after(ms, resolve);
    });
    await Promise.race([work, deadline]);
    cancel();
  }
}
