import { checkOptions, option, type OptionTableOf } from '@mcp-tasks/wire';
import type { SubmittedTask, TaskExecutor } from '../api/executor.ts';
import { Slots } from './slots.ts';

const DEFAULT_CONCURRENCY = 16;

/**
 * Options of {@link inProcessExecutor}.
 *
 * @example
 * const options: InProcessExecutorOptions = { concurrency: 4, maxRunningPerOwner: 1 };
 * const layer = createTasks({ executor: inProcessExecutor(options) });
 */
export interface InProcessExecutorOptions {
  /**
   * Number of runs that go on at once in this process, an integer from 0; default 16. A run that waits at a question
   * does not count. With 0 the process serves clients, and other processes on the store run the tasks.
   */
  readonly concurrency?: number | undefined;
  /**
   * Number of those that one owner may have, an integer from 1; default half of `concurrency`, rounded up, and all of
   * it where the process serves standard input and output alone, whose caller is one.
   */
  readonly maxRunningPerOwner?: number | undefined;
}

const EXECUTOR_OPTIONS: OptionTableOf<InProcessExecutorOptions> = {
  concurrency: option.integer(0),
  maxRunningPerOwner: option.integer(1),
};

/**
 * Run tasks in this process: the default executor. Processes on one store share the work: a task that finds no free
 * slot where it was created is claimed by a process that has one.
 *
 * Owners take turns, so that one owner's tasks do not starve the others. It offers no priorities and no rate limits.
 *
 * @throws {TypeError} an option is unknown or of the wrong type. @throws {RangeError} `concurrency` is not a whole number
 *   from 0, or `maxRunningPerOwner` is not one from 1.
 *
 * @example
 * const layer = createTasks({ executor: inProcessExecutor({ concurrency: 4 }) });
 */
export function inProcessExecutor(options: InProcessExecutorOptions = {}): TaskExecutor {
  checkOptions('inProcessExecutor', options, EXECUTOR_OPTIONS);
  const { concurrency = DEFAULT_CONCURRENCY, maxRunningPerOwner } = options;
  return new InProcessExecutor(concurrency, maxRunningPerOwner);
}

/** Tell whether an executor is the built-in one, also one of another copy of this package. */
export function isBuiltIn(executor: TaskExecutor): executor is InProcessExecutor {
  return executor.queue === '';
}

/** The built-in executor: the dispatcher claims tasks for its slots. */
class InProcessExecutor implements TaskExecutor {
  readonly queue = '';
  readonly slots: Slots;
  readonly #isPerOwnerSet: boolean;
  #hasOthers = false;
  /** Called with a task that is due. */
  onSubmit: (task: SubmittedTask) => void = () => undefined;

  constructor(concurrency: number, maxRunningPerOwner: number | undefined) {
    this.#isPerOwnerSet = maxRunningPerOwner !== undefined;
    this.slots = new Slots({ concurrency, maxRunningPerOwner: maxRunningPerOwner ?? Math.ceil(concurrency / 2) });
  }

  /** All callers of this process are one owner: unless the author set a share, it gets every slot. */
  servesOneOwner(): void {
    if (!this.#isPerOwnerSet && !this.#hasOthers) this.slots.serveOneOwner(true);
  }

  /** This process has callers who may be any owner, now and from now on. */
  servesOtherOwners(): void {
    this.#hasOthers = true;
    this.slots.serveOneOwner(false);
  }

  async start(): Promise<void> {
    // Nothing to connect to: the dispatcher begins with the task layer.
  }

  submit(task: SubmittedTask): void {
    this.onSubmit(task);
  }

  drain(): void {
    // The dispatcher has stopped, and no task waits in memory.
  }

  async close(): Promise<void> {
    // No connection and no timer to release.
  }
}
