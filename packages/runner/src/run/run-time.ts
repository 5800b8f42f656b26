import type { Clock } from '@mcp-tasks/store';
import type { RunSlot } from '../api/executor.ts';
import type { RunSignal } from '../handler/run-end.ts';

/** Longest time for which a sleep looks at no clock. */
const LOOK_INTERVAL_MS = 30_000;

/** Questions of {@link RunTime} to its run. */
export interface RunTimeHost {
  readonly clock: Clock;
  readonly slot: RunSlot;
  readonly signal: RunSignal;
  /** Absent = the run never parks. */
  readonly parkAfterMs: number | undefined;
  /** Absent = the run may take as long as it wants. */
  readonly timeoutMs: number | undefined;
  /** Tell whether the run waits at a question. */
  isWaiting(): boolean;
  park(): void;
  timeOut(): void;
}

/**
 * The time of a run: while it waits at a question it gives back its slot, its timeout stands still, and after a while
 * it parks.
 *
 * A run with several questions open, or asleep beside them, waits until the last of them is over. A step in flight holds
 * off parking, and so does a sleep that ends before it would be worth it.
 */
export class RunTime {
  readonly #host: RunTimeHost;
  #timeoutLeftMs: number | undefined;
  #timeoutArmedAtMs = 0;
  #cancelTimeout: (() => void) | undefined;
  #cancelParking: (() => void) | undefined;
  #isParkDue = false;
  #stepsInFlight = 0;
  #resuming: Promise<void> | undefined;
  /** The ends of the sleeps that go on. */
  readonly #wakes = new Set<{ readonly atMs: number }>();

  constructor(host: RunTimeHost) {
    this.#host = host;
    this.#timeoutLeftMs = host.timeoutMs;
  }

  /** The earliest instant at which a sleep ends; undefined when none goes on. */
  get wakeAtMs(): number | undefined {
    return this.#wakes.size === 0 ? undefined : Math.min(...[...this.#wakes].map(({ atMs }) => atMs));
  }

  start(): void {
    if (this.#timeoutLeftMs === undefined || this.#cancelTimeout !== undefined) return;
    this.#timeoutArmedAtMs = this.#monotonicMs();
    this.#cancelTimeout = this.#host.clock.after(this.#timeoutLeftMs, () => {
      this.#host.timeOut();
    });
  }

  /** The first question is waited for. */
  began(): void {
    this.#host.slot.release();
    this.#pauseTimeout();
    this.goesOn();
  }

  /** One of several questions was answered: the time until parking begins anew. */
  goesOn(): void {
    const { clock, parkAfterMs } = this.#host;
    this.#stopParking();
    if (parkAfterMs === undefined) return;
    this.#cancelParking = clock.after(parkAfterMs, () => {
      this.#isParkDue = true;
      this.#parkWhenIdle();
    });
  }

  /** Wait until an instant, without a slot. Rejects when the run ends. */
  async sleepUntil(atMs: number): Promise<void> {
    const wake = { atMs };
    const isFirst = !this.#isWaiting;
    this.#wakes.add(wake);
    if (isFirst) this.began();
    else this.goesOn();
    try {
      await this.#reached(atMs);
    } finally {
      this.#wakes.delete(wake);
    }
    if (!this.#host.isWaiting()) await this.ended();
  }

  /** The last question was answered, or the last sleep is over: wait for a slot. */
  async ended(): Promise<void> {
    if (this.#wakes.size > 0) {
      this.goesOn();
      return;
    }
    this.#stopParking();
    this.#resuming ??= this.#resume();
    await this.#resuming;
  }

  /** A step runs until the function returned is called. */
  stepBegan(): () => void {
    this.#stepsInFlight++;
    return () => {
      this.#stepsInFlight--;
      this.#parkWhenIdle();
    };
  }

  stop(): void {
    this.#stopParking();
    this.#pauseTimeout();
    this.#timeoutLeftMs = undefined;
  }

  async #resume(): Promise<void> {
    try {
      await this.#host.slot.reacquire(this.#host.signal.signal);
    } finally {
      this.#resuming = undefined;
    }
    // Another branch of the handler may have asked again meanwhile.
    if (this.#isWaiting) this.#host.slot.release();
    else this.start();
  }

  get #isWaiting(): boolean {
    return this.#wakes.size > 0 || this.#host.isWaiting();
  }

  /** Look again from time to time: the clock of a server may be set meanwhile. */
  async #reached(atMs: number): Promise<void> {
    const { clock, signal } = this.#host;
    for (let leftMs = atMs - clock.nowMs(); leftMs > 0; leftMs = atMs - clock.nowMs()) {
      await passed(clock, Math.min(leftMs, LOOK_INTERVAL_MS), signal.signal);
    }
  }

  #parkWhenIdle(): void {
    const { clock, parkAfterMs = Infinity } = this.#host;
    if (!this.#isParkDue || this.#stepsInFlight > 0) return;
    if ((this.wakeAtMs ?? Infinity) - clock.nowMs() <= parkAfterMs) return;
    this.#isParkDue = false;
    this.#host.park();
  }

  #stopParking(): void {
    this.#cancelParking?.();
    this.#cancelParking = undefined;
    this.#isParkDue = false;
  }

  #pauseTimeout(): void {
    if (this.#cancelTimeout === undefined || this.#timeoutLeftMs === undefined) return;
    this.#cancelTimeout();
    this.#cancelTimeout = undefined;
    this.#timeoutLeftMs -= this.#monotonicMs() - this.#timeoutArmedAtMs;
  }

  /** The time of a run is the time that passed, even if the clock was set meanwhile. */
  #monotonicMs(): number {
    const { clock } = this.#host;
    return clock.monotonicMs?.() ?? clock.nowMs();
  }
}

/** Wait for a time. Rejects with the signal's reason when it aborts. */
function passed(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      cancel();
      reject(signal.reason as Error);
    };
    const cancel = clock.after(Math.max(1, ms), () => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    });
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
}
