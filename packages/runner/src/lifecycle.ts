import { closedError } from './core.ts';
import type { Core } from './core.ts';
import { checkInteger } from './options.ts';
import type { Recovery } from './recovery.ts';
import type { Runs } from './runs.ts';

const DEFAULT_DRAIN_MS = 5_000;

/** What {@link Lifecycle} starts and closes beside the core. */
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
  readonly #core: Core;
  readonly #parts: LifecycleParts;
  /** Calls that may still submit a task. */
  readonly #submitting = new Set<Promise<unknown>>();
  #isOpen = false;
  #started: Promise<void> | undefined;
  #closed: Promise<void> | undefined;

  constructor(core: Core, parts: LifecycleParts) {
    this.#core = core;
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

  /** Let work that may submit a task finish before draining. */
  async during<Value>(work: () => Promise<Value>): Promise<Value> {
    const going = work();
    this.#submitting.add(going);
    try {
      return await going;
    } finally {
      this.#submitting.delete(going);
    }
  }

  close(drainMs?: number): Promise<void> {
    checkInteger('drainMs', drainMs, 0);
    this.#closed ??= this.#close(drainMs ?? DEFAULT_DRAIN_MS);
    return this.#closed;
  }

  async #open(): Promise<void> {
    const { store, executor } = this.#core;
    if (!this.#isOpen) await store.open?.();
    this.#isOpen = true;
    await this.#parts.measureClock();
    await executor.start(this.#parts.runs);
    this.#parts.recovery.start(this.#parts.measureClock);
  }

  async #close(drainMs: number): Promise<void> {
    const { hub, executor, store } = this.#core;
    const wasStarted = await this.#wasStarted();
    if (wasStarted) await this.#drain(drainMs);
    await hub.close();
    await executor.close();
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
    await Promise.allSettled(this.#submitting);
    await runs.release(this.#core.executor.drain());
    for (const run of runs.active.values()) run.parkIfWaiting();
    await this.#within(drainMs, runs.settled());
    await runs.shutDown();
    // Each is given up after its grace at the latest.
    await runs.settled();
    await recovery.stop();
  }

  async #within(ms: number, work: Promise<void>): Promise<void> {
    if (ms === 0) return;
    let cancel: () => void = () => undefined;
    const deadline = new Promise<void>((resolve) => {
      cancel = this.#core.clock.after(ms, resolve);
    });
    await Promise.race([work, deadline]);
    cancel();
  }
}
