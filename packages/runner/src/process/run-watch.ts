import { monotonicMs } from '../core/lease-deadline.ts';
import type { TaskLayer } from '../core/task-layer.ts';
import type { Run } from '../run/stored-run.ts';
import { DeadlineTimer } from './deadline-timer.ts';

/** A watch that tells the runs of a process of writes by other processes, of their expiry, and of their lease's end. */
export class RunWatch {
  readonly #layer: TaskLayer;
  readonly #expiry: DeadlineTimer<Run>;
  readonly #leases: DeadlineTimer<Run>;
  readonly #leaveHub = new Map<Run, () => void>();
  /** Runs that began in this turn of the event loop. */
  readonly #unwatched = new Set<Run>();
  #willWatch = false;

  constructor(layer: TaskLayer, active: ReadonlyMap<string, Run>) {
    const { clock } = layer;
    const items = () => active.values();
    this.#layer = layer;
    this.#expiry = new DeadlineTimer({
      clock,
      items,
      nowMs: () => clock.nowMs(),
      deadlineMs: (run) => run.head.expiresAtMs,
      onReached: (run) => run.end('expired'),
    });
    this.#leases = new DeadlineTimer({
      clock,
      items,
      nowMs: () => monotonicMs(clock),
      deadlineMs: (run) => run.leaseDeadlineMs,
      onReached: (run) => run.end('lease-lost'),
    });
  }

  /**
   * Add a run. Most runs are over before they need news, so a run is watched only if it goes on after this turn of the
   * loop.
   */
  add(run: Run): void {
    this.#unwatched.add(run);
    if (this.#willWatch) return;
    this.#willWatch = true;
    setImmediate(() => {
      this.#willWatch = false;
      for (const waiting of this.#unwatched) this.#watch(waiting);
      this.#unwatched.clear();
    });
  }

  remove(run: Run): void {
    this.#unwatched.delete(run);
    this.#leaveHub.get(run)?.();
    this.#leaveHub.delete(run);
  }

  timeMoved(): void {
    this.#expiry.timeMoved();
  }

  /** Stop the timers: no run is left that could expire or lose its lease. */
  disarm(): void {
    this.#expiry.disarm();
    this.#leases.disarm();
  }

  /** Watch a run; the hub reads after each registration. */
  #watch(run: Run): void {
    this.#expiry.arm(run.head.expiresAtMs);
    this.#leases.arm(run.leaseDeadlineMs);
    const leave = this.#layer.hub.add({
      taskId: run.taskId,
      seenVersion: () => run.head.version,
      notify: (head) => {
        run.onHead(head);
      },
    });
    this.#leaveHub.set(run, leave);
  }
}
