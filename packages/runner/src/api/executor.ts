import type { TaskHead } from '@mcp-tasks/store';

/** One task that waits for a run. */
export interface QueuedTask {
  readonly taskId: string;
  /** Owner of the task, for fairness between owners. */
  readonly owner: string;
  readonly handler: string;
}

/** Take the fields of a task that an executor needs. */
export function queuedTask({ taskId, owner, handler }: TaskHead): QueuedTask {
  return { taskId, owner, handler };
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
  /** Run one task to the end of its run; never rejects. */
  run(task: QueuedTask, slot: RunSlot): Promise<void>;
}

/**
 * An executor decides when and where runs happen.
 *
 * The in-process one (default) runs a task in the process that created it.
 */
export interface TaskExecutor {
  /**
   * Absent or false: a submitted task runs in this process, so this process holds it from its creation on.
   * True: any process may run it, so it is stored as due at once.
   */
  readonly runsElsewhere?: boolean | undefined;
  /** Begin to take submissions; called once, after the store is open. A rejection fails the start of the task layer. */
  start(host: ExecutorHost): Promise<void>;
  /** Queue a run. The task is stored already: losing the submission loses time, never the task. */
  submit(task: QueuedTask): void;
  /** Count the runs that may begin now; recovery adopts at most this many. */
  freeSlots(): number;
  /** Begin no more runs; hand back the ids that were queued and not begun. */
  drain(): readonly QueuedTask[];
  /** Release what `start` acquired. Called once, after the last run has ended. */
  close(): Promise<void>;
}
