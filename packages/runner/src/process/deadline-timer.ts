import type { Clock } from '@mcp-tasks/store';

/** Parts of {@link DeadlineTimer}. */
export interface DeadlineTimerOptions<Item> {
  /** The clock whose timer is used. */
  readonly clock: Clock;
  /** Read the time in which the deadlines are. */
  readonly nowMs: () => number;
  readonly items: () => Iterable<Item>;
  readonly deadlineMs: (item: Item) => number;
  readonly onReached: (item: Item) => void;
}

/** One timer for the deadlines of all items: it fires at the earliest, and again at those that moved meanwhile. */
export class DeadlineTimer<Item> {
  readonly #options: DeadlineTimerOptions<Item>;
  #armed: { readonly atMs: number; readonly cancel: () => void } | undefined;

  constructor(options: DeadlineTimerOptions<Item>) {
    this.#options = options;
  }

  /** Make the timer fire at this instant or before. */
  arm(atMs: number): void {
    if (this.#armed !== undefined && this.#armed.atMs <= atMs) return;
    this.disarm();
    const { clock, nowMs } = this.#options;
    // At least one millisecond: a timer of the system may fire a little early.
    const cancel = clock.after(Math.max(1, atMs - nowMs()), () => {
      this.#armed = undefined;
      this.#fire();
    });
    this.#armed = { atMs, cancel };
  }

  /** Look at all deadlines again after time moved. */
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
    const { items, deadlineMs, onReached, nowMs } = this.#options;
    const atMs = nowMs();
    for (const item of [...items()]) {
      if (atMs >= deadlineMs(item)) onReached(item);
      else this.arm(deadlineMs(item));
    }
  }
}
