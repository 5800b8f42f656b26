import type { Clock } from '@mcp-tasks/store';
import type { RunSlot } from '../api/executor.ts';
import type { RunSignal } from '../handler/run-end.ts';

/** Questions of {@link RunTime} to its run. */
export interface RunTimeHost {
  readonly clock: Clock;
  readonly slot: RunSlot;
  readonly signal: RunSignal;
  /** Absent = the run never parks. */
  readonly parkAfterMs: number | undefined;
  /** Absent = the run may take as long as it wants. */
  readonly timeoutMs: number | undefined;
  isWaiting(): boolean;
  park(): void;
  timeOut(): void;
}

/**
 * The time of a run: while it waits at a question it gives back its slot, its timeout stands still, and after a while
 * it parks.
 *
 * A run with several questions open waits until the last of them is answered; a step in flight holds off parking.
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

  constructor(host: RunTimeHost) {
    this.#host = host;
    this.#timeoutLeftMs = host.timeoutMs;
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

  /** The last question was answered: wait for a slot. */
  async ended(): Promise<void> {
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
    if (this.#host.isWaiting()) this.#host.slot.release();
    else this.start();
  }

  #parkWhenIdle(): void {
    if (!this.#isParkDue || this.#stepsInFlight > 0) return;
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
