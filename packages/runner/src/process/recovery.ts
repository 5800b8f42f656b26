import type { TaskHead } from '@mcp-tasks/store';
import { queuedTask } from '../api/executor.ts';
import type { TaskLayer } from '../core/task-layer.ts';
import type { ClockWatch } from './clock-watch.ts';
import type { Runs } from './runs.ts';

/** Records that one call of the store removes at most. */
const SWEEP_BATCH = 500;
/** Between two tries to renew after time moved. */
const CATCH_UP_RETRY_MS = 500;
/** Due tasks looked at, while what others hold is left alone, for some that nobody holds. */
const CAUTIOUS_LOOK = 1_000;

/** The work of a process that nobody asked for: heartbeat, adoption of due tasks, sweep. */
export class Recovery {
  readonly #layer: TaskLayer;
  readonly #runs: Runs;
  readonly #clockWatch: ClockWatch;
  readonly #timers = new Map<string, () => void>();
  /** Work that goes on, by name: no kind of work overtakes itself. */
  readonly #going = new Map<string, Promise<void>>();
  #isAdopting = true;
  #isStopped = true;
  /** The last look filled every free slot: there may be more. */
  #mayBeMore = false;

  constructor(layer: TaskLayer, runs: Runs, clockWatch: ClockWatch) {
    this.#layer = layer;
    this.#runs = runs;
    this.#clockWatch = clockWatch;
    runs.onIdle = () => {
      if (this.#mayBeMore) this.#adoptSoon();
    };
  }

  start(): void {
    const { leaseMs, sweepIntervalMs } = this.#layer.settings;
    const thirdMs = Math.max(1, Math.floor(leaseMs / 3));
    this.#isStopped = false;
    this.#every(
      'heartbeat',
      () => thirdMs,
      () => this.#beat(),
    );
    this.#every(
      'adopt',
      () => jittered(thirdMs),
      () => this.#adopt(),
    );
    this.#every(
      'sweep',
      () => jittered(sweepIntervalMs),
      () => this.#sweep(),
    );
    this.#adoptSoon();
  }

  /** Take on no more tasks; the leases of those that go on are still renewed. */
  stopAdopting(): void {
    this.#isAdopting = false;
    for (const name of [...this.#timers.keys()]) if (name !== 'heartbeat') this.#cancel(name);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#clockWatch.stop();
    for (const name of [...this.#timers.keys()]) this.#cancel(name);
    await Promise.all(this.#going.values());
  }

  #every(name: string, delayMs: () => number, work: () => Promise<void>): void {
    this.#timers.set(
      name,
      this.#layer.clock.after(delayMs(), () => {
        this.#timers.delete(name);
        void this.#once(name, work).then(() => {
          if (!this.#isStopped && (this.#isAdopting || name === 'heartbeat')) this.#every(name, delayMs, work);
        });
      }),
    );
  }

  /** Do the work unless it is going on; a failure is reported, and the next time tries again. */
  #once(name: string, work: () => Promise<void>): Promise<void> {
    const going = this.#going.get(name);
    if (going !== undefined) return going;
    const begun = this.#told(work()).finally(() => this.#going.delete(name));
    this.#going.set(name, begun);
    return begun;
  }

  /** A failure is told, and is over with that. */
  #told(work: Promise<void>): Promise<void> {
    return work.catch((error: unknown) => {
      this.#layer.reportError(error);
    });
  }

  #cancel(name: string): void {
    this.#timers.get(name)?.();
    this.#timers.delete(name);
  }

  /** Look for due tasks in a turn of its own: by then the slots of runs that ended are free. */
  #adoptSoon(): void {
    this.#mayBeMore = false;
    setImmediate(() => {
      if (!this.#isStopped && this.#isAdopting) void this.#once('adopt', () => this.#adopt());
    });
  }

  /** Renew and measure, side by side; where the time has moved, renew again by the new one. */
  async #beat(): Promise<void> {
    await Promise.all([this.#told(this.#renew()), this.#told(this.#clockWatch.measure())]);
    if (this.#clockWatch.mustRenew) await this.#renew();
  }

  /** After time has moved, renew before anything else. @returns whether that was done, or was not needed. */
  async #isCaughtUp(): Promise<boolean> {
    if (this.#clockWatch.mustRenew) await this.#once('heartbeat', () => this.#beat());
    return !this.#clockWatch.mustRenew;
  }

  /** What to wait for after time moved: a renewal, tried again until it is made or no longer wanted. */
  caughtUp(signal?: AbortSignal): Promise<void> | undefined {
    return this.#clockWatch.mustRenew ? this.#catchUp(signal) : undefined;
  }

  async #catchUp(signal: AbortSignal | undefined): Promise<void> {
    const isWanted = () => !this.#isStopped && signal?.aborted !== true;
    while (isWanted() && !(await this.#isCaughtUp()) && isWanted()) {
      await new Promise<void>((resolve) => this.#layer.clock.after(CATCH_UP_RETRY_MS, resolve));
    }
  }

  /** Renew every lease of this process in one call; whoever is left out has lost it. */
  async #renew(): Promise<void> {
    const { store, clock, settings } = this.#layer;
    const renewed = this.#clockWatch.renewing();
    const leases = this.#runs.leases();
    if (leases.length === 0) {
      renewed();
      return;
    }
    const nowMs = clock.nowMs();
    const dueAtMs = nowMs + settings.leaseMs;
    const held = await store.renew({ leases, dueAtMs, nowMs });
    renewed();
    const heldIds = new Set<string>();
    for (const { taskId } of held) {
      heldIds.add(taskId);
      this.#runs.active.get(taskId)?.renewed(dueAtMs);
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

  /** Submit due tasks, at most as many as there are free slots; their claims decide. */
  async #adopt(): Promise<void> {
    const { store, clock, executor, registry } = this.#layer;
    const limit = executor.freeSlots();
    const handlers = registry.names();
    this.#mayBeMore = limit <= 0;
    if (limit <= 0 || handlers.length === 0 || !(await this.#isCaughtUp())) return;
    const except = this.#runs.notToAdopt();
    const { isCautious } = this.#clockWatch;
    // Some of those may be due, and must not hide others behind them.
    const look = isCautious ? CAUTIOUS_LOOK : limit + except.size;
    const heads = await store.due({ handlers, limit: look, nowMs: clock.nowMs() });
    const mayTake = (head: TaskHead) => !except.has(head.taskId) && !(isCautious && head.holder !== undefined);
    const foreign = heads.filter(mayTake);
    this.#mayBeMore = foreign.length >= limit;
    if (!this.#isAdopting) return;
    for (const head of foreign.slice(0, limit)) executor.submit(queuedTask(head));
  }

  async #sweep(): Promise<void> {
    const { store, clock } = this.#layer;
    while (!this.#clockWatch.isCautious && (await this.#isCaughtUp())) {
      const removed = await store.deleteExpired({ nowMs: clock.nowMs(), limit: SWEEP_BATCH });
      if (removed < SWEEP_BATCH || this.#isStopped) return;
      // Let requests in between two batches.
      await new Promise<void>((resolve) => {
        setImmediate(resolve);
      });
    }
  }
}

/** Processes that started together must not come together. */
function jittered(ms: number): number {
  return Math.max(1, Math.round(ms * (0.75 + Math.random() / 2)));
}
