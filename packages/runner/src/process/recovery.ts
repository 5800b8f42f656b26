import type { TaskHead } from '@mcp-tasks/store';
import { queuedTask } from '../api/executor.ts';
import type { TaskLayer } from '../core/task-layer.ts';
import type { Runs } from './runs.ts';

/** Records that one call of the store removes at most. */
const SWEEP_BATCH = 500;

/** The work of a process that nobody asked for: heartbeat, adoption of due tasks, sweep. */
export class Recovery {
  readonly #layer: TaskLayer;
  readonly #runs: Runs;
  readonly #timers = new Map<string, () => void>();
  /** Work that goes on, by name: no kind of work overtakes itself. */
  readonly #going = new Map<string, Promise<void>>();
  #isAdopting = true;
  #isStopped = true;
  /** The last look filled every free slot: there may be more. */
  #mayBeMore = false;

  constructor(layer: TaskLayer, runs: Runs) {
    this.#layer = layer;
    this.#runs = runs;
    runs.onIdle = () => {
      if (this.#mayBeMore) this.#adoptSoon();
    };
  }

  start(measureClock: () => Promise<void>): void {
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
    this.#every('clock', () => jittered(sweepIntervalMs), measureClock);
    this.#adoptSoon();
  }

  /** Take on no more tasks; the leases of those that go on are still renewed. */
  stopAdopting(): void {
    this.#isAdopting = false;
    for (const name of [...this.#timers.keys()]) if (name !== 'heartbeat') this.#cancel(name);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
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
    const begun = work()
      .catch((error: unknown) => {
        this.#layer.reportError(error);
      })
      .finally(() => this.#going.delete(name));
    this.#going.set(name, begun);
    return begun;
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

  /** Renew every lease of this process in one call; whoever is left out has lost it. */
  async #beat(): Promise<void> {
    const { store, clock, settings } = this.#layer;
    const leases = this.#runs.leases();
    if (leases.length === 0) return;
    const nowMs = clock.nowMs();
    const dueAtMs = nowMs + settings.leaseMs;
    const held = await store.renew({ leases, dueAtMs, nowMs });
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
    if (limit <= 0 || handlers.length === 0) return;
    const except = this.#runs.notToAdopt();
    // Some of those may be due, and must not hide others behind them.
    const heads = await store.due({ handlers, limit: limit + except.size, nowMs: clock.nowMs() });
    const foreign = heads.filter(({ taskId }) => !except.has(taskId));
    this.#mayBeMore = foreign.length >= limit;
    if (!this.#isAdopting) return;
    for (const head of foreign.slice(0, limit)) executor.submit(queuedTask(head));
  }

  async #sweep(): Promise<void> {
    const { store, clock } = this.#layer;
    for (;;) {
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
