import { type Clock, TaskError } from '@mcp-tasks/store';

/** Shortest time between two errors about a blocked event loop. */
const TELL_INTERVAL_MS = 60_000;
/** Number of looks within one lease: a block is measured to a thirtieth of it. */
const TICKS_PER_LEASE = 30;

/** The parts of a task layer that {@link LoopWatch} needs. */
export interface LoopWatchOptions {
  readonly clock: Clock;
  readonly leaseMs: number;
  readonly reportError: (error: unknown) => void;
}

/**
 * A watch that measures how long handlers block the event loop of the process. During a block no lease is renewed. From
 * a third of a lease on (the time between two renewals) all runs are in danger, those of other tools too.
 *
 * It takes time only while a handler runs. A handler that ends within the turn in which it began costs no timer.
 */
export class LoopWatch {
  readonly #options: LoopWatchOptions;
  readonly #limitMs: number;
  readonly #tickMs: number;
  /** Number of running handlers of each tool. */
  readonly #running = new Map<string, number>();
  /** Tools that ran since the last turn of the loop. */
  #ranSince = new Set<string>();
  #turnedAtMs = 0;
  #toldAtMs = -Infinity;
  /** True while a turn of the loop is already awaited. */
  #isTurning = false;
  #cancelTick: (() => void) | undefined;
  #isClosed = false;

  constructor(options: LoopWatchOptions) {
    this.#options = options;
    this.#limitMs = Math.max(1, Math.floor(options.leaseMs / 3));
    this.#tickMs = Math.max(1, Math.floor(options.leaseMs / TICKS_PER_LEASE));
  }

  /** Count a handler as running. @returns ends that; called when the handler has ended. */
  began(tool: string): () => void {
    if (!this.#isWatching) {
      this.#turnedAtMs = this.#elapsedMs();
      this.#turnSoon();
    }
    this.#running.set(tool, (this.#running.get(tool) ?? 0) + 1);
    this.#ranSince.add(tool);
    return () => {
      // The handler may have begun and ended within one long turn, in which no timer fires.
      this.#look();
      this.#ended(tool);
    };
  }

  /** Stop looking, also while handlers run. */
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
    // Another handler may begin in the same turn.
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

  /** Read the monotonic time: a clock that is set, or moved by a suspension, does not mean a blocked loop. */
  #elapsedMs(): number {
    const { clock } = this.#options;
    return clock.monotonicMs?.() ?? clock.nowMs();
  }

  #look(): void {
    const nowMs = this.#elapsedMs();
    const blockedMs = Math.round(nowMs - this.#turnedAtMs);
    if (blockedMs <= this.#limitMs || nowMs < this.#toldAtMs + TELL_INTERVAL_MS) return;
    this.#toldAtMs = nowMs;
    const error = blocked({ blockedMs, limitMs: this.#limitMs, tools: [...this.#ranSince] });
    // The handler must not get an error of the listener.
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
