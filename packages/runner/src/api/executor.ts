import type { TaskHead } from '@mcp-tasks/store';

/** One task that waits for a run. */
export interface SubmittedTask {
  readonly taskId: string;
  readonly owner: string;
  readonly handler: string;
  /** The queue that the task was given when it was created: that of its executor. */
  readonly queue: string;
  /** Number of the wake: the version of the head that became due. With the id, it names this submission. */
  readonly wake: number;
  /** Instant before which the run cannot begin, in milliseconds since 1970-01-01 UTC. */
  readonly notBeforeMs: number;
}

/** Take the fields of a task that an executor needs. */
export function submittedTask({ taskId, owner, handler, queue, version, dueAtMs }: TaskHead): SubmittedTask {
  return { taskId, owner, handler, queue, wake: version, notBeforeMs: dueAtMs ?? 0 };
}

/** A place among the runs that an executor lets go on at once. */
export interface RunSlot {
  /** Give the slot back while the run waits at a question. Safe to call twice. */
  release(): void;
  /** Wait until the run may go on. Rejects when `signal` aborts. */
  reacquire(signal: AbortSignal): Promise<void>;
}

/** Callbacks of an executor into the task layer. */
export interface ExecutorHost {
  /** Claim one task and run it to the end of its run, if it is due; never rejects. */
  run(task: SubmittedTask, slot: RunSlot): Promise<void>;
}

/**
 * An executor decides when and where runs happen. The store stays the truth: the claim decides whether a run begins, so
 * a submission that comes twice, late or never costs time only.
 *
 * The default one, `inProcessExecutor`, runs what it claims from the store itself.
 */
export interface TaskExecutor {
  /**
   * Name of the queue in which its tasks are stored, so that only its processes claim them; at most 128 characters. It
   * is empty for `inProcessExecutor` alone.
   */
  readonly queue: string;
  /** Begin to take submissions; called once, after the store is open. A rejection fails the start of the task layer. */
  start(host: ExecutorHost): Promise<void>;
  /**
   * Queue a run. The task is stored already: what is submitted and lost is submitted again after half a minute. A
   * failure is reported to `onBackgroundError`.
   */
  submit(task: SubmittedTask): void | Promise<void>;
  /** Begin no more runs. */
  drain(): void | Promise<void>;
  /** Release what `start` acquired. Called once, after the last run has ended. */
  close(): Promise<void>;
}
