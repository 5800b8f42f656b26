/**
 * Why a run keeps its task while it goes on: each process renews the leases of its runs, and measures the time of the
 * store's server beside it. All trust in leases rests on clocks, so after time moved a process first renews: one that
 * was suspended must learn what it lost before it claims, begins or sweeps. No section of the specification decides
 * this.
 */
import type { TaskHead, TaskLease } from '@mcp-tasks/store';
import { leaseDeadlineMs, monotonicMs } from '../core/lease-deadline.ts';
import type { TaskLayer } from '../core/task-layer.ts';
import type { ClockWatch } from './clock-watch.ts';
import type { Runs } from './runs.ts';

/** Most leases that one call renews. */
const CHUNK = 1_000;
/** Time between two tries to renew after time moved. */
const CATCH_UP_RETRY_MS = 500;

/** Renews the leases of a process's runs, every third of a lease. */
export class Heartbeat {
  readonly #layer: TaskLayer;
  readonly #runs: Runs;
  readonly #clockWatch: ClockWatch;
  #cancelTimer: (() => void) | undefined;
  #isRunning = false;
  /** A beat that renews after time moved; several callers wait for one. */
  #catchingUp: Promise<void> | undefined;
  readonly #beats = new Set<Promise<void>>();

  constructor(layer: TaskLayer, runs: Runs, clockWatch: ClockWatch) {
    this.#layer = layer;
    this.#runs = runs;
    this.#clockWatch = clockWatch;
  }

  start(): void {
    this.#isRunning = true;
    this.#arm();
  }

  async stop(): Promise<void> {
    this.#isRunning = false;
    this.#cancelTimer?.();
    this.#clockWatch.stop();
    await Promise.all(this.#beats);
  }

  /** Renew now; a failure is reported. */
  beat(): void {
    const beat = this.#told(this.#beat()).finally(() => this.#beats.delete(beat));
    this.#beats.add(beat);
  }

  /** Wait, after time moved, for a renewal: it is tried again until it is made or no longer wanted. */
  caughtUp(signal?: AbortSignal): Promise<void> | undefined {
    return this.#clockWatch.mustRenew ? this.#catchUp(signal) : undefined;
  }

  /** Renew first when time has moved. @returns whether that was done, or was not needed. */
  async isCaughtUp(): Promise<boolean> {
    if (this.#clockWatch.mustRenew) {
      this.#catchingUp ??= this.#told(this.#beat()).finally(() => (this.#catchingUp = undefined));
      await this.#catchingUp;
    }
    return !this.#clockWatch.mustRenew;
  }

  get #thirdMs(): number {
    return Math.max(1, Math.floor(this.#layer.settings.leaseMs / 3));
  }

  /** A beat that hangs holds off no other. */
  #arm(): void {
    this.#cancelTimer = this.#layer.clock.after(this.#thirdMs, () => {
      if (!this.#isRunning) return;
      this.#arm();
      this.beat();
    });
  }

  async #catchUp(signal: AbortSignal | undefined): Promise<void> {
    const isWanted = () => this.#isRunning && signal?.aborted !== true;
    while (isWanted() && !(await this.isCaughtUp()) && isWanted()) {
      await new Promise<void>((resolve) => this.#layer.clock.after(CATCH_UP_RETRY_MS, resolve));
    }
  }

  /** Renew and measure, side by side; when time has moved, renew again by the new time. */
  async #beat(): Promise<void> {
    await Promise.all([this.#told(this.#renew()), this.#told(this.#clockWatch.measure())]);
    if (this.#clockWatch.mustRenew) await this.#renew();
  }

  /** Report the failure of work; the returned promise does not reject. */
  #told(work: Promise<void>): Promise<void> {
    return work.catch((error: unknown) => {
      this.#layer.reportError(error);
    });
  }

  /** Renew every lease of this process; a lease that is not in the answer is lost. */
  async #renew(): Promise<void> {
    const renewed = this.#clockWatch.renewing();
    const leases = this.#runs.leases();
    const chunks: (readonly TaskLease[])[] = [];
    for (let from = 0; from < leases.length; from += CHUNK) chunks.push(leases.slice(from, from + CHUNK));
    const answers = await Promise.all(chunks.map((chunk) => this.#isAnswered(this.#renewChunk(chunk))));
    if (answers.every((isAnswered) => isAnswered)) renewed();
  }

  async #renewChunk(leases: readonly TaskLease[]): Promise<void> {
    const { store, clock, settings } = this.#layer;
    const sentAtMs = monotonicMs(clock);
    const held = await store.renew({ leases, leaseMs: settings.leaseMs, nowMs: clock.nowMs() });
    const deadlineMs = leaseDeadlineMs(sentAtMs, settings.leaseMs);
    const heldIds = new Set<string>();
    for (const { taskId } of held) {
      heldIds.add(taskId);
      this.#runs.active.get(taskId)?.renewed(deadlineMs);
    }
    const lost = leases.filter(({ taskId }) => !heldIds.has(taskId)).map(({ taskId }) => taskId);
    if (lost.length > 0) await this.#tellLost(lost);
  }

  async #tellLost(taskIds: readonly string[]): Promise<void> {
    const { store, clock } = this.#layer;
    const records = await store.get({ taskIds, kinds: [], nowMs: clock.nowMs() });
    const heads = new Map(records.map(({ head }): [string, TaskHead] => [head.taskId, head]));
    for (const taskId of taskIds) this.#runs.lost(taskId, heads.get(taskId));
  }

  /** Wait for a call at most a third of a lease: an answer that comes later still counts, but nothing waits for it. */
  async #isAnswered(call: Promise<void>): Promise<boolean> {
    let cancel: () => void = () => undefined;
    const limit = new Promise<false>((resolve) => {
      cancel = this.#layer.clock.after(this.#thirdMs, () => {
        resolve(false);
      });
    });
    // A late failure is one of the store that the next beat meets as well.
    call.catch(() => undefined);
    try {
      return await Promise.race([call.then(() => true), limit]);
    } finally {
      cancel();
    }
  }
}
