import { type Clock, TaskError } from '@mcp-tasks/store';

/** Between two errors about a blocked event loop. */
const TELL_INTERVAL_MS = 60_000;
/** Looks within one lease: a block is measured to a thirtieth of it. */
const TICKS_PER_LEASE = 30;

/** What {@link LoopWatch} needs of its task layer. */
export interface LoopWatchOptions {
  readonly clock: Clock;
  readonly leaseMs: number;
  readonly reportError: (error: unknown) => void;
}

/**
 * Measures how long handlers keep the event loop of the process from turning: meanwhile no lease is renewed, so that from a
 * third of a lease on (the time between two renewals) runs are in danger, those of other tools too.
 *
 * It takes time only while a handler runs. A handler that ends within the turn that it began in costs no timer.
 */
export class LoopWatch {
  readonly #options: LoopWatchOptions;
  readonly #limitMs: number;
  readonly #tickMs: number;
  /** How many handlers of each tool run. */
  readonly #running = new Map<string, number>();
  /** Tools that ran since the loop turned. */
  #ranSince = new Set<string>();
  #turnedAtMs = 0;
  #toldAtMs = -Infinity;
  /** The loop will turn soon: nothing has to wait for it. */
  #isTurning = false;
  #cancelTick: (() => void) | undefined;
  #isClosed = false;

  constructor(options: LoopWatchOptions) {
    this.#options = options;
    this.#limitMs = Math.max(1, Math.floor(options.leaseMs / 3));
    this.#tickMs = Math.max(1, Math.floor(options.leaseMs / TICKS_PER_LEASE));
  }

  /** A handler runs until the function that is returned is called. */
  began(tool: string): () => void {
    if (!this.#isWatching) {
      this.#turnedAtMs = this.#elapsedMs();
      this.#turnSoon();
    }
    this.#running.set(tool, (this.#running.get(tool) ?? 0) + 1);
    this.#ranSince.add(tool);
    return () => {
      // It may have begun and ended within one long turn, which no timer will see it in.
      this.#look();
      this.#ended(tool);
    };
  }

  /** Look no more, whatever goes on. */
  close(): void {
    this.#isClosed = true;
    this.#stopTicking();
  }

  get #isWatching(): boolean {
    return this.#isTurning || this.#cancelTick !== undefined;
  }

  #ended(tool: string): void {
    const others = (this.#running.get(tool) ?? 1) - 1;
    if (others > 0) this.#running.set(tool, others);
    else this.#running.delete(tool);
    if (this.#running.size > 0 || this.#cancelTick === undefined) return;
    // Another may begin in the same turn.
    this.#stopTicking();
    this.#turnSoon();
  }

  #turnSoon(): void {
    this.#isTurning = true;
    setImmediate(() => {
      this.#isTurning = false;
      this.#turned();
    });
  }

  #turned(): void {
    this.#look();
    this.#turnedAtMs = this.#elapsedMs();
    this.#ranSince = new Set(this.#running.keys());
    if (this.#running.size === 0 || this.#isClosed) return;
    this.#cancelTick = this.#options.clock.after(this.#tickMs, () => {
      this.#cancelTick = undefined;
      this.#turned();
    });
  }

  #stopTicking(): void {
    this.#cancelTick?.();
    this.#cancelTick = undefined;
  }

  /** A clock that is set, or that a suspension moves, blocks no loop. */
  #elapsedMs(): number {
    const { clock } = this.#options;
    return clock.monotonicMs?.() ?? clock.nowMs();
  }

  #look(): void {
    const nowMs = this.#elapsedMs();
    const blockedMs = nowMs - this.#turnedAtMs;
    if (blockedMs <= this.#limitMs || nowMs < this.#toldAtMs + TELL_INTERVAL_MS) return;
    this.#toldAtMs = nowMs;
    const error = blocked({ blockedMs, limitMs: this.#limitMs, tools: [...this.#ranSince] });
    // The handler must not meet with what the listener throws.
    setImmediate(() => {
      this.#options.reportError(error);
    });
  }
}

function blocked(details: {
  readonly blockedMs: number;
  readonly limitMs: number;
  readonly tools: string[];
}): TaskError {
  const { blockedMs, limitMs, tools } = details;
  const names = tools.map((tool) => `"${tool}"`).join(', ');
  const message = `The event loop was blocked for ${blockedMs} ms, longer than a third of leaseMs (${limitMs} ms), while these tools ran: ${names}. No lease is renewed meanwhile: move the work to a worker thread, or let the loop turn now and then.`;
  return new TaskError('EVENT_LOOP_BLOCKED', message, { details });
}
