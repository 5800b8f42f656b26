/**
 * Tasks of a tool that was renamed, or whose worker is not there: they are due, and this process cannot run them. Such
 * a task would stay `working` without a word, so its client is told by its status message (2025-11-25, Tasks, "Task
 * Status") and the operator by an event.
 */
import { type DuePosition, TaskError, type TaskHead } from '@mcp-tasks/store';
import { rules } from '@mcp-tasks/store/rules';
import { type TaskLayer, tell, writeByRule } from '../core/task-layer.ts';
import type { ClockWatch } from './clock-watch.ts';
import { Rounds } from './rounds.ts';

/** How long a task must have been due, and the shortest time between two looks. */
const MINUTE_MS = 60_000;
/** Most tasks that one look takes. */
const MOST = 100;

/** Parts of {@link UnknownTools}. */
export interface UnknownToolsOptions {
  readonly layer: TaskLayer;
  readonly clockWatch: ClockWatch;
  /** Renew first when time has moved; false when that failed. */
  readonly isCaughtUp: () => Promise<boolean>;
}

/** Looks for tasks that have been due for a minute and whose tool this process does not know. */
export class UnknownTools {
  readonly #options: UnknownToolsOptions;
  readonly #rounds: Rounds;
  /** The last task of the look before, where more tasks follow it. */
  #after: DuePosition | undefined;

  constructor(options: UnknownToolsOptions) {
    this.#options = options;
    const { layer } = options;
    this.#rounds = new Rounds({ layer, everyMs: [MINUTE_MS, 1.25 * MINUTE_MS], work: () => this.#look() });
  }

  start(): void {
    this.#rounds.start();
  }

  stop(): Promise<void> {
    return this.#rounds.stop();
  }

  async #look(): Promise<void> {
    const { layer, clockWatch, isCaughtUp } = this.#options;
    const { store, clock, registry, executor } = layer;
    // A process without tools runs nothing, so it cannot say which tools are missing.
    if (registry.tools.size === 0 || clockWatch.isCautious || !(await isCaughtUp())) return;
    const dueUntilMs = clock.nowMs() - MINUTE_MS;
    const heads = await store.due({
      handlers: { except: [...registry.tools.keys()] },
      queues: [executor.queue],
      after: this.#after,
      limit: MOST,
      nowMs: dueUntilMs,
    });
    this.#after = placeOf(heads.length < MOST ? undefined : heads.at(-1));
    const live = heads.filter(({ expiresAtMs }) => expiresAtMs > clock.nowMs());
    const longestDue = new Map(live.toReversed().map((head) => [head.handler, head]));
    for (const head of longestDue.values()) tellUnknown(layer, head);
    for (const head of live) if (this.#rounds.isRunning) await this.#tellWait(head, dueUntilMs);
  }

  async #tellWait(head: TaskHead, dueUntilMs: number): Promise<void> {
    try {
      await writeByRule(this.#options.layer, head, rules.tellWait(dueUntilMs), { trace: undefined });
    } catch (error) {
      // It has expired meanwhile.
      if (!TaskError.is(error, 'TASK_NOT_FOUND')) throw error;
    }
  }
}

function tellUnknown(layer: TaskLayer, head: TaskHead): void {
  if (head.dueAtMs !== null) tell(layer, head, undefined, { type: 'handler-unknown', dueAtMs: head.dueAtMs });
}

function placeOf(head: TaskHead | undefined): DuePosition | undefined {
  return head?.dueAtMs == null ? undefined : { dueAtMs: head.dueAtMs, taskId: head.taskId };
}
