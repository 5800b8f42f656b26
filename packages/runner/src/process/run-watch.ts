import type { TaskLayer } from '../core/task-layer.ts';
import type { Run } from '../run/stored-run.ts';
import { ExpiryTimer } from './expiry-timer.ts';

/** A watch that tells the runs of a process of writes by other processes, and of their expiry. */
export class RunWatch {
  readonly #layer: TaskLayer;
  readonly #expiry: ExpiryTimer;
  readonly #leaveHub = new Map<Run, () => void>();
  /** Runs that began in this turn of the event loop. */
  readonly #unwatched = new Set<Run>();
  #willWatch = false;

  constructor(layer: TaskLayer, active: ReadonlyMap<string, Run>) {
    this.#layer = layer;
    this.#expiry = new ExpiryTimer(layer.clock, () => active.values());
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

  /** Stop the expiry timer: no run is left that could expire. */
  disarm(): void {
    this.#expiry.disarm();
  }

  /** Watch a run; the hub reads after each registration. */
  #watch(run: Run): void {
    this.#expiry.arm(run.head.expiresAtMs);
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
