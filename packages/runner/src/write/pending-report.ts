import type { Clock } from '@mcp-tasks/store';
import type { Report } from '../handler/handler-host.ts';

/** Between two writes that only carry progress or a status message. */
const REPORT_INTERVAL_MS = 250;

/** Progress that no write has carried yet: it is due at the latest 250 ms after the report before. */
export class PendingReport {
  readonly #clock: Clock;
  readonly #onDue: () => void;
  #report: Report | undefined;
  #nextMs = -Infinity;
  #cancelTimer: (() => void) | undefined;

  constructor(clock: Clock, onDue: () => void) {
    this.#clock = clock;
    this.#onDue = onDue;
  }

  get isWaiting(): boolean {
    return this.#report !== undefined;
  }

  get isDue(): boolean {
    return this.isWaiting && this.#clock.nowMs() >= this.#nextMs;
  }

  /** True when there is something to report, and not only a write wanted. */
  get hasNews(): boolean {
    return this.#report !== undefined && Object.keys(this.#report).length > 0;
  }

  /** Want a write within the interval, with or without anything to report. */
  wantWrite(): void {
    this.#report ??= {};
    this.#nextMs = this.#clock.nowMs() + REPORT_INTERVAL_MS;
  }

  add(report: Report): void {
    this.#report = { ...this.#report, ...report };
  }

  /** The progress that a write carries now. */
  take(): Report | undefined {
    const report = this.#report;
    if (report !== undefined) this.#nextMs = this.#clock.nowMs() + REPORT_INTERVAL_MS;
    this.drop();
    return report;
  }

  drop(): void {
    this.#report = undefined;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  /** See to it that what waits is written when it is due. */
  arm(): void {
    if (!this.isWaiting) return;
    this.#cancelTimer ??= this.#clock.after(this.#nextMs - this.#clock.nowMs(), () => {
      this.#cancelTimer = undefined;
      this.#onDue();
    });
  }
}
