import { storeClosed, storeError } from './errors.ts';
import type { ScriptName } from './scripts/index.ts';
import { runScript, type ScriptTarget } from './statements.ts';

/** Time for which the calls under way may go on when the store closes. */
const CLOSE_GRACE_MS = 5_000;

/** The calls of one store: none begins once it closes, and each fails with a typed error. */
export class ScriptCalls {
  readonly #target: ScriptTarget;
  readonly #underWay = new Set<Promise<unknown>>();
  #isOpen = false;
  #isClosing = false;

  constructor(target: ScriptTarget) {
    this.#target = target;
  }

  /** From now on, most failures may pass. */
  opened(): void {
    this.#isOpen = true;
  }

  run<Reply>(name: ScriptName, args: readonly (string | number)[]): Promise<Reply> {
    return this.guarded(() => runScript<Reply>(this.#target, name, args));
  }

  /** @throws {TaskError} STORE_CLOSED - the store closes; STORE_UNAVAILABLE, from an error of the driver. */
  async guarded<Value>(call: () => Promise<Value>): Promise<Value> {
    if (this.#isClosing) throw storeClosed();
    const called = call();
    this.#underWay.add(called);
    try {
      return await called;
    } catch (error) {
      throw storeError(error, this.#isOpen);
    } finally {
      this.#underWay.delete(called);
    }
  }

  /** Begin no more calls, and let those under way end. */
  async close(): Promise<void> {
    this.#isClosing = true;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, CLOSE_GRACE_MS);
    });
    await Promise.race([Promise.allSettled(this.#underWay), late]);
    clearTimeout(timer);
  }
}
