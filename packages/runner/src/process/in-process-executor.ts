import type { ExecutorHost, QueuedTask, RunSlot, TaskExecutor } from '../api/executor.ts';

/**
 * Options of {@link inProcessExecutor}.
 *
 * @example
 * const options: InProcessExecutorOptions = { concurrency: 4 };
 * const layer = createTasks({ executor: inProcessExecutor(options) });
 */
export interface InProcessExecutorOptions {
  /**
   * Number of runs that go on at once in this process, an integer from 1; default 16. A run that waits at a question
   * does not count.
   */
  readonly concurrency?: number | undefined;
}

/**
 * Run tasks in the process that created them: the default executor.
 *
 * Owners take turns, so that one owner's tasks do not starve the others; the queue holds ids only.
 * It offers no load balancing between processes, no priorities, no delays and no retries with backoff.
 *
 * @throws {RangeError} `concurrency` is not an integer from 1.
 *
 * @example
 * const layer = createTasks({ executor: inProcessExecutor({ concurrency: 4 }) });
 */
export function inProcessExecutor(options: InProcessExecutorOptions = {}): TaskExecutor {
  const { concurrency = 16 } = options;
  if (!Number.isSafeInteger(concurrency) || concurrency < 1) {
    throw new RangeError(`concurrency must be an integer from 1, not ${String(concurrency)}.`);
  }
  return new InProcessExecutor(concurrency);
}

class InProcessExecutor implements TaskExecutor {
  readonly #concurrency: number;
  readonly #queue = new OwnerQueue();
  /**
   * Runs that got their answer and wait for their slot. They go before new runs, since their state is in memory
   * already.
   */
  readonly #resuming = new Set<() => void>();
  #host: ExecutorHost | undefined;
  #draining = false;
  #usedSlots = 0;

  constructor(concurrency: number) {
    this.#concurrency = concurrency;
  }

  async start(host: ExecutorHost): Promise<void> {
    this.#host = host;
    this.#next();
  }

  submit(task: QueuedTask): void {
    if (this.#draining) return;
    const isFree = this.#queue.size === 0 && this.#resuming.size === 0 && this.#usedSlots < this.#concurrency;
    if (isFree && this.#host !== undefined) void this.#run(this.#host, task);
    else this.#queue.push(task);
  }

  freeSlots(): number {
    if (this.#draining) return 0;
    return Math.max(0, this.#concurrency - this.#usedSlots - this.#resuming.size - this.#queue.size);
  }

  drain(): readonly QueuedTask[] {
    this.#draining = true;
    return this.#queue.clear();
  }

  async close(): Promise<void> {
    this.drain();
    this.#host = undefined;
  }

  #next(): void {
    while (this.#host !== undefined && this.#usedSlots < this.#concurrency) {
      const [resume] = this.#resuming;
      if (resume !== undefined) {
        this.#resuming.delete(resume);
        resume();
        continue;
      }
      const task = this.#queue.shift();
      if (task === undefined) return;
      void this.#run(this.#host, task);
    }
  }

  async #run(host: ExecutorHost, task: QueuedTask): Promise<void> {
    const slot = this.#slot();
    try {
      await host.run(task, slot);
    } finally {
      slot.release();
    }
  }

  #slot(): RunSlot {
    let held = true;
    this.#usedSlots++;
    return {
      release: () => {
        if (!held) return;
        held = false;
        this.#usedSlots--;
        this.#next();
      },
      reacquire: (signal) =>
        new Promise((resolve, reject) => {
          if (held) {
            resolve();
            return;
          }
          const onAbort = () => {
            this.#resuming.delete(resume);
            reject(signal.reason as Error);
          };
          const resume = () => {
            signal.removeEventListener('abort', onAbort);
            held = true;
            this.#usedSlots++;
            resolve();
          };
          if (signal.aborted) {
            onAbort();
            return;
          }
          signal.addEventListener('abort', onAbort, { once: true });
          this.#resuming.add(resume);
          this.#next();
        }),
    };
  }
}

/** A queue: first in, first out for each owner; owners in turn. */
class OwnerQueue {
  readonly #byOwner = new Map<string, QueuedTask[]>();
  size = 0;

  push(task: QueuedTask): void {
    const waiting = this.#byOwner.get(task.owner);
    if (waiting === undefined) this.#byOwner.set(task.owner, [task]);
    else waiting.push(task);
    this.size++;
  }

  shift(): QueuedTask | undefined {
    for (const [owner, waiting] of this.#byOwner) {
      const task = waiting.shift();
      // The owner goes behind the others.
      this.#byOwner.delete(owner);
      if (waiting.length > 0) this.#byOwner.set(owner, waiting);
      this.size--;
      return task;
    }
    return undefined;
  }

  clear(): readonly QueuedTask[] {
    const tasks = [...this.#byOwner.values()].flat();
    this.#byOwner.clear();
    this.size = 0;
    return tasks;
  }
}
