import { TaskError } from '@mcp-tasks/store';
import { messageOf } from '../tool/json.ts';
import type { HandlerHost } from './handler-host.ts';
import { type UnseenRejection, WatchedPromise } from './watched-promise.ts';

const MAX_SHOWN_CHARACTERS = 128;

type Method =
  'step' | 'sleep' | 'set' | 'merge' | 'delete' | 'publish' | 'elicit' | 'roots' | 'sample' | 'progress' | 'status';

/** An effect of a handler, as its error names it. */
interface Effect {
  readonly method: Method;
  /** Of the step, the question or the variables, as the handler gave them. */
  readonly names: readonly unknown[];
}

/**
 * Watches the effects of one execution of a handler: those that it did not await harm neither process nor handler, and
 * are told to `onBackgroundError`.
 *
 * A handler that goes on may still await an effect that has failed, so nothing is told before it is over.
 */
export class EffectWatch {
  readonly #host: HandlerHost;
  /** Steps that go on, or came too late. */
  readonly #unfinishedSteps = new Set<Effect>();
  readonly #forgotten: (UnseenRejection & { readonly effect: Effect })[] = [];
  #isOver = false;
  /** Of what comes in numbers (wrong reports, effects after the end of the run) the first is told, for each method. */
  readonly #told = new Set<Method>();

  constructor(host: HandlerHost) {
    this.#host = host;
  }

  /** Begin an effect, at once. The handler gets the promise that is returned. */
  effect<Value>(effect: Effect, begin: () => Promise<Value>): Promise<Value> {
    const begun = WatchedPromise.begin(begin, (rejection) => {
      this.#forgotten.push({ ...rejection, effect });
      if (this.#isOver) this.#tellForgotten();
    });
    if (effect.method === 'step') this.#follow(effect, begun);
    return begun;
  }

  /** Tell that a report was dropped for its arguments. */
  refuse(method: 'progress' | 'status', problem: string): void {
    if (!this.#isFirst(method)) return;
    const { taskId, tool } = this.#host;
    const message = `Tool "${tool.name}" of task ${taskId} called task.${method} with a wrong argument: ${problem}. The report was dropped.`;
    const error = new TaskError('REPORT_INVALID', message, { details: { taskId, tool: tool.name, method } });
    // The handler must not meet with what the listener throws.
    setImmediate(() => {
      this.#host.layer.reportError(error);
    });
  }

  /** The handler has returned or thrown: an effect that it did not await is forgotten. */
  over(how: 'returned' | 'threw'): void {
    this.#isOver = true;
    // A handler whose run was ended for it can wait for nothing, and one that threw has said that it failed.
    const isEarly = how === 'returned' && this.#host.ended === undefined;
    const inFlight = isEarly ? [...this.#unfinishedSteps] : [];
    if (inFlight.length > 0 || this.#forgotten.length > 0) this.#tellForgotten(inFlight);
  }

  #tellForgotten(inFlight: readonly Effect[] = []): void {
    // Until the end of this turn something may look at it, or a step may finish.
    setImmediate(() => {
      for (const step of inFlight) {
        if (!this.#unfinishedSteps.has(step)) continue;
        this.#told.add('step');
        this.#tell(step, 'had not finished when the handler returned, so its value may be lost');
      }
      for (const { effect, error, isLookedAt } of this.#forgotten.splice(0)) {
        if (isLookedAt() || (TaskError.is(error, 'RUN_ENDED') && !this.#isFirst(effect.method))) continue;
        this.#tell(effect, `failed (${messageOf(error)})`, error);
      }
    });
  }

  #follow(step: Effect, begun: WatchedPromise<unknown>): void {
    const finished = () => this.#unfinishedSteps.delete(step);
    this.#unfinishedSteps.add(step);
    begun.follow(finished, (error) => TaskError.is(error, 'RUN_ENDED') || finished());
  }

  #isFirst(method: Method): boolean {
    const isFirst = !this.#told.has(method);
    this.#told.add(method);
    return isFirst;
  }

  #tell({ method, names }: Effect, what: string, cause?: unknown): void {
    const { taskId, tool } = this.#host;
    const shown = names.map(shownName);
    const call = `task.${method}(${shown.map((name) => `"${name}"`).join(', ')})`;
    const message = `Tool "${tool.name}" of task ${taskId} did not await ${call}, which ${what}. Await it, or handle its rejection.`;
    const details = { taskId, tool: tool.name, method, names: shown };
    this.#host.layer.reportError(new TaskError('EFFECT_NOT_AWAITED', message, { details, cause }));
  }
}

/** A name that a handler gave may be wrong: of another type, or of any length. */
function shownName(name: unknown): string {
  return typeof name === 'string' ? name.slice(0, MAX_SHOWN_CHARACTERS) : typeof name;
}
