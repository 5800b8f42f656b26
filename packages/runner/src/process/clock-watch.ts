import type { Clock } from '@mcp-tasks/store';
import type { ServerClock } from '@mcp-tasks/store/rules';

/** What {@link ClockWatch} looks at. */
export interface ClockWatchOptions {
  /** The clock that is measured. */
  readonly measured: ServerClock;
  /** Whose timers are used. */
  readonly clock: Clock;
  readonly leaseMs: number;
  /** Called when time moved: what was armed for an instant has to be armed anew. */
  readonly onMove: () => void;
}

/**
 * Notices when time moves otherwise than second by second: the server's clock went another way, or the machine was suspended.
 *
 * Until a renewal has followed, leases of this process are not what they seem. For one lease after the server's time grew
 * ahead, those of others are not either: they measure and renew within a third of it.
 */
export class ClockWatch {
  readonly #options: ClockWatchOptions;
  #suspendedMs = 0;
  #moves = 0;
  /** How many of the moves a renewal has followed. */
  #renewedMoves = 0;
  #endCaution: (() => void) | undefined;

  constructor(options: ClockWatchOptions) {
    this.#options = options;
  }

  /** Time moved, and no renewal has followed: nothing may be claimed, swept or begun before. Looks for a suspension. */
  get mustRenew(): boolean {
    this.#look();
    return this.#renewedMoves < this.#moves;
  }

  /** Leases that others hold may look as if they had ended: nothing held is adopted, nothing is swept. */
  get isCautious(): boolean {
    return this.#endCaution !== undefined;
  }

  /** Measure the time of the server. @throws {TaskError} STORE_UNAVAILABLE */
  async measure(): Promise<void> {
    const change = await this.#options.measured.measure();
    if (change === 'grew') this.#beCautious();
    if (change !== 'steady') this.#move();
  }

  /** A renewal begins. @returns to be called when it was made. */
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
    });
  }
}
