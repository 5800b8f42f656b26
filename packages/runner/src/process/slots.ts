import type { RunSlot } from '../api/executor.ts';

/** Options of {@link Slots}. */
export interface SlotsOptions {
  /** Number of runs that go on at once. */
  readonly concurrency: number;
  /** Number of those that one owner may have. */
  readonly maxRunningPerOwner: number;
}

/** The slots of the built-in executor: how many runs go on at once in this process, in all and for each owner. */
export class Slots {
  readonly #concurrency: number;
  readonly #maxRunningPerOwner: number;
  #isOneOwner = false;
  readonly #usedByOwner = new Map<string, number>();
  /**
   * Runs that got their answer and wait for their slot. They go before new runs, since their state is in memory
   * already.
   */
  readonly #resuming = new Set<() => void>();
  #used = 0;
  /** Called when a slot has become free that no waiting run took. */
  onFree: () => void = () => undefined;

  constructor({ concurrency, maxRunningPerOwner }: SlotsOptions) {
    this.#concurrency = concurrency;
    this.#maxRunningPerOwner = maxRunningPerOwner;
  }

  /** Number of runs that may begin now. */
  get free(): number {
    return Math.max(0, this.#concurrency - this.#used - this.#resuming.size);
  }

  /** Number of runs that one owner may have at once. */
  get maxPerOwner(): number {
    return this.#isOneOwner ? Math.max(1, this.#concurrency) : this.#maxRunningPerOwner;
  }

  /** Let one owner have every slot, when all callers of this process are one, or its share alone. */
  serveOneOwner(isOneOwner: boolean): void {
    this.#isOneOwner = isOneOwner;
  }

  /** Number of runs of this owner that may begin now. */
  roomOf(owner: string): number {
    return Math.max(0, this.maxPerOwner - (this.#usedByOwner.get(owner) ?? 0));
  }

  /** The owners that have runs, each with the number of runs that may still begin. */
  rooms(): readonly { readonly owner: string; readonly limit: number }[] {
    return [...this.#usedByOwner.keys()].map((owner) => ({ owner, limit: this.roomOf(owner) }));
  }

  /**
   * Take a slot, also when none is free: a task that was claimed for a slot may find that a run which got its answer
   * has taken it.
   */
  take(owner: string): RunSlot {
    let isHeld = true;
    this.#use(owner, 1);
    return {
      release: () => {
        if (!isHeld) return;
        isHeld = false;
        this.#use(owner, -1);
        this.#next();
      },
      reacquire: (signal) =>
        new Promise((resolve, reject) => {
          if (isHeld) {
            resolve();
            return;
          }
          const onAbort = () => {
            this.#resuming.delete(resume);
            reject(signal.reason as Error);
          };
          const resume = () => {
            signal.removeEventListener('abort', onAbort);
            isHeld = true;
            this.#use(owner, 1);
            resolve();
          };
          if (signal.aborted) {
            onAbort();
            return;
          }
          signal.addEventListener('abort', onAbort, { once: true });
          this.#resuming.add(resume);
          this.#next();
        }),
    };
  }

  #use(owner: string, count: 1 | -1): void {
    this.#used += count;
    const used = (this.#usedByOwner.get(owner) ?? 0) + count;
    if (used === 0) this.#usedByOwner.delete(owner);
    else this.#usedByOwner.set(owner, used);
  }

  #next(): void {
    for (const resume of this.#resuming) {
      // With a concurrency of 0 nothing runs here, but a run of the time before must not wait for ever.
      if (this.#used >= Math.max(1, this.#concurrency)) return;
      this.#resuming.delete(resume);
      resume();
    }
    if (this.free > 0) this.onFree();
  }
}
