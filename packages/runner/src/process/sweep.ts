import type { TaskHead } from '@mcp-tasks/store';
import { isTerminalStatus } from '@mcp-tasks/wire';
import { type TaskLayer, tell } from '../core/task-layer.ts';
import type { ClockWatch } from './clock-watch.ts';
import { about, Rounds } from './rounds.ts';

/** Largest number of records that one call of the store removes. */
const SWEEP_BATCH = 500;

/** Parts of {@link Sweep}. */
export interface SweepOptions {
  readonly layer: TaskLayer;
  readonly clockWatch: ClockWatch;
  /** Renew first when time has moved; false when that failed. */
  readonly isCaughtUp: () => Promise<boolean>;
}

/**
 * Removes expired tasks from time to time.
 *
 * @see 2025-11-25, Tasks, "TTL and Resource Management": expired tasks may be deleted
 */
export class Sweep {
  readonly #options: SweepOptions;
  readonly #rounds: Rounds;

  constructor(options: SweepOptions) {
    this.#options = options;
    const { layer } = options;
    this.#rounds = new Rounds({ layer, everyMs: about(layer.settings.sweepIntervalMs), work: () => this.#sweep() });
  }

  start(): void {
    this.#rounds.start();
  }

  stop(): Promise<void> {
    return this.#rounds.stop();
  }

  async #sweep(): Promise<void> {
    const { layer, clockWatch, isCaughtUp } = this.#options;
    while (this.#rounds.isRunning && !clockWatch.isCautious && (await isCaughtUp())) {
      const removed = await layer.store.deleteExpired({ nowMs: layer.clock.nowMs(), limit: SWEEP_BATCH });
      for (const head of removed) if (!wasToldByRun(head)) tell(layer, head, undefined, { type: 'expired' });
      if (removed.length < SWEEP_BATCH) return;
      // Let requests run between two batches.
      await new Promise<void>((resolve) => {
        setImmediate(resolve);
      });
    }
  }
}

/** Tell whether a run had the task when it expired: its process has emitted the event. */
function wasToldByRun({ status, holder, dueAtMs, expiresAtMs }: TaskHead): boolean {
  return holder !== undefined && !isTerminalStatus(status) && dueAtMs !== null && dueAtMs > expiresAtMs;
}
