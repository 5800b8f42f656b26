import type { DuePosition } from '@mcp-tasks/store';
import { submittedTask } from '../api/executor.ts';
import type { TaskLayer } from '../core/task-layer.ts';
import { about, Rounds } from './rounds.ts';

/** Time between two looks for tasks whose submission was lost, and how long such a task must have been due. */
const INTERVAL_MS = 30_000;
/** Most tasks that one look submits again. */
const MOST = 1_000;

/**
 * The net below an executor that runs tasks elsewhere: what has been due for half a minute is submitted again, since
 * its submission may be lost. The store stays the truth.
 */
export class Resubmit {
  readonly #layer: TaskLayer;
  readonly #rounds: Rounds;
  #after: DuePosition | undefined;

  constructor(layer: TaskLayer) {
    this.#layer = layer;
    this.#rounds = new Rounds({ layer, everyMs: about(INTERVAL_MS), work: () => this.#look() });
  }

  async start(): Promise<void> {
    this.#rounds.start();
  }

  stop(): Promise<void> {
    return this.#rounds.stop();
  }

  async #look(): Promise<void> {
    const { store, clock, executor, registry } = this.#layer;
    const heads = await store.due({
      handlers: [...registry.tools.keys()],
      queues: [executor.queue],
      after: this.#after,
      limit: MOST,
      nowMs: clock.nowMs() - INTERVAL_MS,
    });
    const last = heads.at(-1);
    this.#after =
      heads.length < MOST || last?.dueAtMs == null ? undefined : { dueAtMs: last.dueAtMs, taskId: last.taskId };
    for (const head of heads) await executor.submit(submittedTask(head));
  }
}
