import type { CallToolResult, WorkflowRequestMeta } from '@mcp-tasks/wire';
import { CONTINUATION_WARNING, type ContinuationMatch, type RecordedOutcome } from '@mcp-tasks/workflow/serving';
import { type JSONRPCResponse, ProtocolErrorCode, SERVER_INFO_META_KEY } from '@modelcontextprotocol/server';
import { fieldsOf, readArguments, type TaskRequest } from '../../request/task-request.ts';
import { withWorkflowMeta } from '../serving/task-meta.ts';
import { MALFORMED_REFERENCE } from '../serving/workflow-reference.ts';
import { workflowAnswerMeta, type WorkflowServing } from '../serving/workflow-serving.ts';
import { Continuation } from './continuation.ts';

/** The part of a `tools/call` that continues a workflow by its `_meta`. */
export class ContinuedCall {
  readonly #request: TaskRequest;
  readonly #continuation: Continuation | undefined;
  readonly #warning: string;
  #isDispatched = false;
  #isRefused = false;
  /** As the handler left it, before the SDK made the generation's answer of it. */
  #outcome: RecordedOutcome | undefined;

  constructor(serving: WorkflowServing, request: TaskRequest, reference: WorkflowRequestMeta | 'malformed') {
    this.#request = request;
    this.#warning = warningOf(reference);
    if (reference !== 'malformed' && request.owner.kind !== 'refused') {
      const { name } = request.params;
      const { taskId, ...said } = reference;
      this.#continuation = new Continuation(
        serving,
        { owner: request.owner.owner, taskId },
        {
          ...said,
          tool: typeof name === 'string' ? name : undefined,
          arguments: readArguments(request.params),
        },
      );
    }
    // What the protocol layer answers while it looks at the message is not an outcome of a call: none was made.
    queueMicrotask(() => {
      this.#isDispatched = true;
    });
  }

  /**
   * The step that the handler of one of our tools is told of; undefined when the call fits none. @throws {TaskError} of
   * the store
   */
  async step(): Promise<ContinuationMatch['step']> {
    return (await this.#continuation?.match())?.step;
  }

  /** Note what the handler came to. */
  note(outcome: RecordedOutcome): void {
    this.#outcome = outcome;
  }

  /** Note that the handler was not run, since its caller has too much under way: the step is still to be done. */
  refused(): void {
    this.#isRefused = true;
  }

  /** Record what the call came to, and say so in its answer. Never throws. */
  finish(answer: JSONRPCResponse): JSONRPCResponse | Promise<JSONRPCResponse> {
    const isMade = this.#isDispatched && !this.#isRefused;
    const outcome = isMade ? (this.#outcome ?? outcomeOf(answer)) : undefined;
    return outcome === undefined ? answer : this.#record(outcome, answer);
  }

  async #record(outcome: RecordedOutcome, answer: JSONRPCResponse): Promise<JSONRPCResponse> {
    const meta = (await this.#continuation?.record(outcome)) ?? { warning: this.#warning };
    if ('error' in answer) return answer;
    return { ...answer, result: withWorkflowMeta(answer.result, workflowAnswerMeta(this.#request, meta)) };
  }
}

/** Answer to a call that names a task that cannot be continued. */
export function warningOf(reference: WorkflowRequestMeta | 'malformed'): string {
  const malformed = `The call was made, and nothing was recorded: ${MALFORMED_REFERENCE}`;
  return reference === 'malformed' ? malformed : CONTINUATION_WARNING;
}

/** Read the outcome of a call from its answer; undefined for a round of questions before the work. */
function outcomeOf(answer: JSONRPCResponse): RecordedOutcome | undefined {
  if ('error' in answer) {
    const { code, message } = answer.error;
    return code === (ProtocolErrorCode.UrlElicitationRequired as number) ? undefined : { error: { code, message } };
  }
  const { resultType, _meta, ...result } = answer.result;
  if (resultType === 'input_required') return undefined;
  // What the SDK stamps on an answer is none of the tool's.
  const own = Object.entries(fieldsOf(_meta)).filter(([key]) => key !== SERVER_INFO_META_KEY);
  const kept = own.length === 0 ? result : { ...result, _meta: Object.fromEntries(own) };
  return { result: kept as unknown as CallToolResult }; // the SDK has encoded it as one
}
