import type { Clock } from '@mcp-tasks/store';

/** Size of a bucket, and the speed at which it fills. */
export interface BucketSize {
  readonly burst: number;
  readonly perSecond: number;
}

/**
 * A token bucket for each owner, kept as the instant at which it is full again. Written here since it is a few lines:
 * the libraries for it read the time themselves, and here all time comes from one clock. An owner whose bucket is full
 * is forgotten.
 */
export class TokenBuckets {
  readonly #clock: Clock;
  /** Time in which one token comes. */
  readonly #tokenMs: number;
  /** Time in which a bucket without its last token fills. */
  readonly #lastTokenMs: number;
  /** By owner, the least recently used first. */
  readonly #fullAtMs = new Map<string, number>();

  constructor(clock: Clock, { burst, perSecond }: BucketSize) {
    this.#clock = clock;
    this.#tokenMs = 1_000 / perSecond;
    this.#lastTokenMs = (burst - 1) * this.#tokenMs;
  }

  /** Take one token. @returns undefined, or in how many milliseconds there is one. */
  take(owner: string): number | undefined {
    const nowMs = this.#clock.nowMs();
    const fillsInMs = Math.max(0, (this.#fullAtMs.get(owner) ?? nowMs) - nowMs);
    // A clock that was set back must not hold an owner up for longer than an empty bucket does.
    const emptyMs = Math.min(fillsInMs, this.#lastTokenMs + this.#tokenMs);
    const isEmpty = emptyMs > this.#lastTokenMs;
    this.#fullAtMs.delete(owner);
    this.#fullAtMs.set(owner, nowMs + emptyMs + (isEmpty ? 0 : this.#tokenMs));
    this.#forgetFull(nowMs);
    return isEmpty ? Math.ceil(emptyMs - this.#lastTokenMs) : undefined;
  }

  /** Owners that are remembered. */
  get count(): number {
    return this.#fullAtMs.size;
  }

  /** Of those that were not used for longest, drop the full ones. */
  #forgetFull(nowMs: number): void {
    for (const [owner, fullAtMs] of this.#fullAtMs) {
      if (fullAtMs > nowMs) return;
      this.#fullAtMs.delete(owner);
    }
  }
}
