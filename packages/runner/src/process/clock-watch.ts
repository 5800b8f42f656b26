import type { Clock } from '@mcp-tasks/store';
import type { ServerClock } from '@mcp-tasks/store/rules';

/** Options of {@link ClockWatch}. */
export interface ClockWatchOptions {
  /** The clock that is measured. */
  readonly measured: ServerClock;
  /** The clock whose timers are used. */
  readonly clock: Clock;
  readonly leaseMs: number;
  /**
   * Called when time moved, and when caution after a move ends: timers that were armed for an instant have to be armed
   * anew, and tasks may be claimed that could not be.
   */
  readonly onMove: () => void;
}

/**
 * A watch that notices jumps of time: the server's clock fell or grew, or the machine was suspended.
 *
 * Until a renewal has followed, this process cannot rely on the ends of its own leases. For one lease after the
 * server's time grew ahead, it cannot rely on those of other processes either: those measure and renew within a third
 * of it.
 */
export class ClockWatch {
  readonly #options: ClockWatchOptions;
  #suspendedMs = 0;
  #moves = 0;
  /** Number of moves that a renewal has followed. */
  #renewedMoves = 0;
  #endCaution: (() => void) | undefined;

  constructor(options: ClockWatchOptions) {
    this.#options = options;
  }

  /**
   * True when time moved and no renewal has followed: before that, nothing may be claimed, swept or begun. Looks for a
   * suspension.
   */
  get mustRenew(): boolean {
    this.#look();
    return this.#renewedMoves < this.#moves;
  }

  /**
   * True while leases of other processes may look as if they had ended: held tasks are not adopted, and nothing is
   * swept.
   */
  get isCautious(): boolean {
    return this.#endCaution !== undefined;
  }

  /** Measure the time of the server. @throws {TaskError} STORE_UNAVAILABLE */
  async measure(): Promise<void> {
    const change = await this.#options.measured.measure();
    if (change === 'grew') this.#beCautious();
    if (change !== 'steady') this.#move();
  }

  /** Note that a renewal begins. @returns notes that it was made. */
  renewing(): () => void {
    this.#look();
    const moves = this.#moves;
    return () => {
      this.#renewedMoves = Math.max(this.#renewedMoves, moves);
    };
  }

  stop(): void {
    this.#endCaution?.();
    this.#endCaution = undefined;
  }

  #look(): void {
    const suspendedMs = this.#options.measured.suspendedMs?.() ?? 0;
    if (suspendedMs === this.#suspendedMs) return;
    this.#suspendedMs = suspendedMs;
    this.#move();
  }

  #move(): void {
    this.#moves += 1;
    this.#options.onMove();
  }

  #beCautious(): void {
    const { clock, leaseMs } = this.#options;
    this.stop();
    this.#endCaution = clock.after(leaseMs, () => {
      this.#endCaution = undefined;
      this.#options.onMove();
    });
  }
}
