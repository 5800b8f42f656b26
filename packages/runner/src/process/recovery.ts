/**
 * Why a task survives its process: each process renews its own leases, adopts tasks that are due (queued, answered, or
 * with a lease that ended) and removes expired ones. All three trust the clock, so after time moved a process first
 * renews: a process that was suspended must learn what it lost before it claims, begins or sweeps. Expired tasks may be
 * deleted (2025-11-25, Tasks, "TTL and Resource Management"); the rest is not decided by the specification.
 */
import type { TaskHead } from '@mcp-tasks/store';
import { queuedTask } from '../api/executor.ts';
import type { TaskLayer } from '../core/task-layer.ts';
import type { ClockWatch } from './clock-watch.ts';
import type { Runs } from './runs.ts';

/** Largest number of records that one call of the store removes. */
const SWEEP_BATCH = 500;
/** Time between two tries to renew after time moved. */
const CATCH_UP_RETRY_MS = 500;
/**
 * Number of due tasks to look through for some without a holder, while tasks that other processes hold are left alone.
 */
const CAUTIOUS_LOOK = 1_000;

/** Background work of a process: lease heartbeat, adopting due tasks, sweeping expired ones. */
export class Recovery {
  readonly #layer: TaskLayer;
  readonly #runs: Runs;
  readonly #clockWatch: ClockWatch;
  readonly #timers = new Map<string, () => void>();
  /** Work that goes on, by name: a kind of work never runs twice at once. */
  readonly #going = new Map<string, Promise<void>>();
  #isAdopting = true;
  #isStopped = true;
  /** True when the last look filled every free slot: there may be more due tasks. */
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

  /** Stop adopting tasks; the leases of those that go on are still renewed. */
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

  /** Do the work unless it is going on. A failure is reported; the next time tries again. */
  #once(name: string, work: () => Promise<void>): Promise<void> {
    const going = this.#going.get(name);
    if (going !== undefined) return going;
    const begun = this.#told(work()).finally(() => this.#going.delete(name));
    this.#going.set(name, begun);
    return begun;
  }

  /** Report the failure of work; the returned promise does not reject. */
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

  /** Renew and measure, side by side; when time has moved, renew again by the new time. */
  async #beat(): Promise<void> {
    await Promise.all([this.#told(this.#renew()), this.#told(this.#clockWatch.measure())]);
    if (this.#clockWatch.mustRenew) await this.#renew();
  }

  /** Renew first when time has moved. @returns whether that was done, or was not needed. */
  async #isCaughtUp(): Promise<boolean> {
    if (this.#clockWatch.mustRenew) await this.#once('heartbeat', () => this.#beat());
    return !this.#clockWatch.mustRenew;
  }

  /** Wait, after time moved, for a renewal: it is tried again until it is made or no longer wanted. */
  caughtUp(signal?: AbortSignal): Promise<void> | undefined {
    return this.#clockWatch.mustRenew ? this.#catchUp(signal) : undefined;
  }

  async #catchUp(signal: AbortSignal | undefined): Promise<void> {
    const isWanted = () => !this.#isStopped && signal?.aborted !== true;
    while (isWanted() && !(await this.#isCaughtUp()) && isWanted()) {
      await new Promise<void>((resolve) => this.#layer.clock.after(CATCH_UP_RETRY_MS, resolve));
    }
  }

  /** Renew every lease of this process in one call; a lease that is not in the answer is lost. */
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
    // Some of the excepted tasks may be due, and must not hide other tasks.
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
      // Let requests run between two batches.
      await new Promise<void>((resolve) => {
        setImmediate(resolve);
      });
    }
  }
}

/** Vary a time at random: processes that started together must not call the store together. */
function jittered(ms: number): number {
  return Math.max(1, Math.round(ms * (0.75 + Math.random() / 2)));
}
