import { setMaxListeners } from 'node:events';
import { TaskError, type TaskHead, type TaskLease } from '@mcp-tasks/store';

/** Why a run may no longer write; in `details.reason` of the `RUN_ENDED` that aborts its signal. */
export type RunEndReason =
  | 'cancelled'
  | 'expired'
  /** Another run has the task, or the store could not be reached for longer than the lease. */
  | 'lease-lost'
  | 'parked'
  | 'shutdown'
  | 'timeout'
  /** The run has returned. */
  | 'finished'
  /** The store failed in a way that sending again cannot mend. */
  | 'store-failed'
  /** The request of an inline run was aborted. */
  | 'request-aborted';

const BECAUSE: Readonly<Record<RunEndReason, string>> = {
  cancelled: 'the task was cancelled',
  expired: 'the task has expired',
  'lease-lost': 'another run has the task, or its lease could not be renewed',
  parked: 'the task is parked until what it waits for comes',
  shutdown: 'this process shuts down',
  timeout: 'it took longer than timeoutMs',
  finished: 'it has returned',
  'store-failed': 'the store failed',
  'request-aborted': 'its request was aborted',
};

/** The task and the run of a {@link RunEnd}. */
export interface RunEndFacts {
  readonly taskId: string;
  readonly attempt: number;
  readonly reason: RunEndReason;
  readonly cause?: unknown;
}

/** The end of a run. Most runs just return: their error is made only for an effect that comes later. */
export class RunEnd {
  readonly reason: RunEndReason;
  readonly #facts: RunEndFacts;
  #error: TaskError | undefined;

  constructor(facts: RunEndFacts) {
    this.reason = facts.reason;
    this.#facts = facts;
  }

  /** The error with which the run's signal aborts and its effects reject. */
  get error(): TaskError {
    const { taskId, attempt, reason, cause } = this.#facts;
    this.#error ??= new TaskError('RUN_ENDED', `Run ${attempt} of task ${taskId} has ended: ${BECAUSE[reason]}.`, {
      details: { taskId, attempt, reason },
      cause,
    });
    return this.#error;
  }
}

/** The signal of a run, made when it is looked at: one for each run costs a task 5 us in `bench/lifecycle`. */
export class RunSignal {
  readonly #ended: () => RunEnd | undefined;
  #made: AbortController | undefined;

  /** `ended` answers with the end of the run once there is one. */
  constructor(ended: () => RunEnd | undefined) {
    this.#ended = ended;
  }

  get signal(): AbortSignal {
    if (this.#made === undefined) {
      this.#made = new AbortController();
      // Each of a handler's concurrent calls may listen: many listeners are not a leak.
      setMaxListeners(0, this.#made.signal);
      const ended = this.#ended();
      if (ended !== undefined && ended.reason !== 'finished') this.abort(ended);
    }
    return this.#made.signal;
  }

  abort({ error }: RunEnd): void {
    this.#made?.abort(error);
  }
}

/** Why a lease no longer holds, by the head that is there now; `undefined` when it still does. */
export function lostBecause(lease: TaskLease, head: TaskHead | undefined): RunEndReason | undefined {
  if (head === undefined) return 'expired';
  if (head.status === 'cancelled') return 'cancelled';
  return head.attempt === lease.attempt && head.holder === lease.holder ? undefined : 'lease-lost';
}
