import type { TaskLayer } from '../core/task-layer.ts';

/** Parts of {@link Rounds}. */
export interface RoundsOptions {
  readonly layer: Pick<TaskLayer, 'clock' | 'reportError'>;
  /** Shortest and longest time between two rounds. */
  readonly everyMs: readonly [shortest: number, longest: number];
  /** One round; a failure is reported, and the next round comes all the same. */
  readonly work: () => Promise<void>;
}

/**
 * Background work that comes round again and again, one round at a time. It comes at random times: processes that
 * started together must not call the store together.
 */
export class Rounds {
  readonly #options: RoundsOptions;
  #cancelTimer: (() => void) | undefined;
  #isRunning = false;
  #underWay: Promise<void> | undefined;

  constructor(options: RoundsOptions) {
    this.#options = options;
  }

  /** False once it is stopped: a long round ends early. */
  get isRunning(): boolean {
    return this.#isRunning;
  }

  start(): void {
    this.#isRunning = true;
    this.#arm();
  }

  /** Begin no more rounds. Resolves when none is under way. */
  async stop(): Promise<void> {
    this.#isRunning = false;
    this.#cancelTimer?.();
    await this.#underWay;
  }

  #arm(): void {
    const { layer, everyMs, work } = this.#options;
    const [shortestMs, longestMs] = everyMs;
    const delayMs = Math.max(1, Math.round(shortestMs + Math.random() * (longestMs - shortestMs)));
    this.#cancelTimer = layer.clock.after(delayMs, () => {
      this.#underWay = work()
        .catch((error: unknown) => {
          layer.reportError(error);
        })
        .then(() => {
          this.#underWay = undefined;
          if (this.#isRunning) this.#arm();
        });
    });
  }
}

/** The times about an interval. */
export function about(intervalMs: number): readonly [number, number] {
  return [intervalMs * 0.75, intervalMs * 1.25];
}
