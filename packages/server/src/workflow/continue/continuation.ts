import { randomUUID } from 'node:crypto';
import { TaskError } from '@mcp-tasks/store';
import type { ContinuationCall, ContinuationMatch, Recorded, RecordedOutcome } from '@mcp-tasks/workflow/serving';
import { isFault } from '../../request/errors.ts';
import type { WorkflowServing } from '../serving/workflow-serving.ts';

/**
 * Other processes wrote the task many times in a row, or an answer of the store was lost: the recording is tried again.
 */
const MAX_RECORDINGS = 3;

const NOT_RECORDED_WARNING =
  'The call was answered, but what it came to could not be recorded in the workflow. Look at the task before you call again.';

/** The task that a call continues. */
export interface ContinuedTask {
  readonly owner: string;
  readonly taskId: string;
}

/** {@link ContinuationCall}; one that its client gave no id is a call of its own. */
export type CallToContinue = Omit<ContinuationCall, 'callId'> & { readonly callId?: string | undefined };

/** A call that continues a workflow task. */
export class Continuation {
  readonly #serving: WorkflowServing;
  readonly #owner: string;
  readonly #taskId: string;
  readonly call: ContinuationCall;

  constructor(serving: WorkflowServing, task: ContinuedTask, call: CallToContinue) {
    this.#serving = serving;
    this.#owner = task.owner;
    this.#taskId = task.taskId;
    this.call = { ...call, callId: call.callId ?? randomUUID() };
  }

  /** Which step the call would be recorded as. @throws {TaskError} of the store */
  match(): Promise<ContinuationMatch> {
    return this.#serving.engine.match(this.#owner, this.#taskId, this.call);
  }

  /**
   * Record what the call came to. Never throws: the call has been made, and its answer goes out with a warning at
   * worst.
   */
  async record(outcome: RecordedOutcome): Promise<Recorded> {
    for (let recording = 1; ; recording += 1) {
      try {
        return await this.#serving.engine.record(this.#owner, this.#taskId, this.call, outcome);
      } catch (error) {
        // The call's id makes it safe to say it twice.
        if (recording < MAX_RECORDINGS && TaskError.is(error) && error.retryable) continue;
        if (isFault(error)) this.#serving.host.reportError(error);
        return { warning: NOT_RECORDED_WARNING };
      }
    }
  }
}
