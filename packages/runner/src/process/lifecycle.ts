/**
 * Start and close of a task layer. Order is the reason for this file: a task is stored only after the store is open and
 * the executor runs; on close no task may be lost. Queued tasks are in the store, waiting runs park, the others get
 * a time to finish, and their results can be read until the end (2025-11-25, Tasks, "Retrieving Task Results"). The
 * store closes last.
 */
import { PORT_VERSION, TaskError, type TaskStore } from '@mcp-tasks/store';
import { newTaskId } from '@mcp-tasks/store/rules';
import { closedError, type TaskLayer } from '../core/task-layer.ts';
import { checkInteger } from '../tool/check-integer.ts';
import type { Runs } from './runs.ts';

const DEFAULT_DRAIN_MS = 5_000;

/** Background work of a process: claims, lease heartbeat, sweep. */
export interface Background {
  /** Resolves after the first look for due tasks. */
  start(): Promise<void>;
  /** Begin no more runs; the leases of those that go on are still renewed. */
  stopClaiming(): Promise<void>;
  stop(): Promise<void>;
}

/** Parts that {@link Lifecycle} starts and closes beside the layer. */
export interface LifecycleParts {
  readonly runs: Runs;
  readonly background: Background;
  /** Measure the offset of the store's time. */
  readonly measureClock: () => Promise<void>;
  /** True when the task layer made the store, and so closes it. */
  readonly ownsStore: boolean;
}

/** The life of a task layer, from opening its store to closing it. */
export class Lifecycle {
  readonly #layer: TaskLayer;
  readonly #parts: LifecycleParts;
  /** Calls that use the store, except those that wait for a task. */
  readonly #calls = new Set<Promise<unknown>>();
  #isOpen = false;
  #hasStarted = false;
  /** True once the runs had their time, and calls no longer reach the store. */
  #isOver = false;
  #started: Promise<void> | undefined;
  #closed: Promise<void> | undefined;

  constructor(layer: TaskLayer, parts: LifecycleParts) {
    this.#layer = layer;
    this.#parts = parts;
  }

  /** Open the store and begin. A failed start can be tried again. */
  start(): Promise<void> {
    if (this.#closed !== undefined) return Promise.reject(closedError());
    this.#started ??= this.#open().catch((error: unknown) => {
      this.#started = undefined;
      throw error;
    });
    return this.#started;
  }

  /**
   * Wait for the start, before a task is created: `undefined` once all is started. Rejects when the layer is closed.
   */
  opening(): Promise<void> | undefined {
    return this.#hasStarted && this.#closed === undefined ? undefined : this.start();
  }

  /**
   * Wait until the store can be used: `undefined` when it can be used at once. It can also be used while runs get time
   * to finish, so that clients can fetch their results.
   */
  ready(): Promise<void> | undefined {
    if (this.#isOver) return Promise.reject(closedError());
    return this.#hasStarted ? undefined : (this.#started ?? this.start());
  }

  /** Let a call that uses the store finish before the store is closed. */
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
    checkPort(store);
    if (!this.#isOpen) await store.open?.();
    this.#isOpen = true;
    await this.#parts.measureClock();
    await executor.start(this.#parts.runs);
    await this.#parts.background.start();
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
    // The caller closes a store that it passed in and that needs no opening.
    if (this.#parts.ownsStore || (this.#isOpen && store.open !== undefined)) await store.close();
  }

  async #wasStarted(): Promise<boolean> {
    try {
      await this.#started;
      return this.#started !== undefined;
    } catch {
      // The caller of start got the error.
      return false;
    }
  }

  async #drain(drainMs: number): Promise<void> {
    const { runs, background } = this.#parts;
    await background.stopClaiming();
    await Promise.allSettled(this.#calls);
    await this.#layer.executor.drain();
    for (const run of runs.active.values()) run.parkIfWaiting();
    await this.#within(drainMs, runs.settled());
    await runs.shutDown();
    // Each run is abandoned after its grace at the latest.
    await runs.settled();
    await this.#lastNews();
    await background.stop();
  }

  /** Let waiters hear of the writes of the last runs, and fetch the results. */
  async #lastNews(): Promise<void> {
    // The read for a new waiter also serves the waiters that were promised a read before.
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

/** @throws {TaskError} STORE_INCOMPATIBLE - the store was written for another version of the port. */
function checkPort(store: Pick<TaskStore, 'portVersion'>): void {
  const portVersion = store.portVersion as number | undefined;
  if (portVersion === PORT_VERSION) return;
  const found = portVersion ?? 'none';
  throw new TaskError(
    'STORE_INCOMPATIBLE',
    `The store must implement version ${PORT_VERSION} of the port, and it names ${found}: update the package of the store, or add "portVersion: ${PORT_VERSION}" to your own once it has every method of the port.`,
  );
}
