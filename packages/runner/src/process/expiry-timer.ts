import type { Clock } from '@mcp-tasks/store';
import type { Run } from '../run/stored-run.ts';

/** One timer for the expiry of all runs of a process. */
export class ExpiryTimer {
  readonly #clock: Clock;
  readonly #runs: () => Iterable<Run>;
  #armed: { readonly atMs: number; readonly cancel: () => void } | undefined;

  constructor(clock: Clock, runs: () => Iterable<Run>) {
    this.#clock = clock;
    this.#runs = runs;
  }

  /** Make the timer fire at this instant or before. */
  arm(atMs: number): void {
    if (this.#armed !== undefined && this.#armed.atMs <= atMs) return;
    this.disarm();
    // At least one millisecond: a timer of the system may fire a little early.
    const cancel = this.#clock.after(Math.max(1, atMs - this.#clock.nowMs()), () => {
      this.#armed = undefined;
      this.#fire();
    });
    this.#armed = { atMs, cancel };
  }

  /** Arm the timer again after time moved. */
  timeMoved(): void {
    if (this.#armed === undefined) return;
    this.disarm();
    this.#fire();
  }

  disarm(): void {
    this.#armed?.cancel();
    this.#armed = undefined;
  }

  #fire(): void {
    const nowMs = this.#clock.nowMs();
    for (const run of [...this.#runs()]) {
      if (nowMs >= run.head.expiresAtMs) run.end('expired');
      else this.arm(run.head.expiresAtMs);
    }
  }
}
