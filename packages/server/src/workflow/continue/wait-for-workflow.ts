import { TaskError, type TaskHead } from '@mcp-tasks/store';
import { cutUtf8 } from '@mcp-tasks/store/rules';
import { type CallToolResult, isTerminalStatus } from '@mcp-tasks/wire';
import { readCallMeta } from '../../request/call-meta.ts';
import { isFault, toErrorObject } from '../../request/errors.ts';
import { inlineHost } from '../../request/inline-host.ts';
import { finalResult } from '../serving/final-result.ts';
import { handOffText } from '../serving/hand-off-text.ts';
import { withWorkflowMeta } from '../serving/task-meta.ts';
import { untilItStops } from '../serving/until-it-stops.ts';
import { isWorkflowTask, workflowAnswerMeta, type WorkflowServing } from '../serving/workflow-serving.ts';
import { type ContinueCall, failed } from './continued-answer.ts';

/** Longest step name that is repeated to a model, in bytes: no step has a longer one. */
const MAX_STEP_BYTES = 3 * 128;

/** Told of a task that is unknown, foreign or expired. */
export const NOTHING_FOUND =
  'No workflow task of yours has this taskId, or it has expired. Nothing was run or recorded.';

/**
 * Wait until a workflow stops by itself, at most for `handOffWaitMs`, and answer what it came to, or how far it is: so a
 * model that was told to wait can always come back.
 *
 * @throws {TaskError} RUN_ENDED - the request was given up; of the store.
 */
export async function waitForWorkflow(serving: WorkflowServing, call: ContinueCall): Promise<CallToolResult> {
  const { input, request, context } = call;
  if (Object.keys(input.arguments ?? {}).length > 0) {
    return failed('The arguments are those of a step: name the step. Nothing was run or recorded.');
  }
  const first = await headOf(serving, call);
  if (first === undefined) return failed(NOTHING_FOUND);
  const inline = inlineHost(request, readCallMeta(request.params), context);
  await untilItStops(serving, first, { context, inline });
  return presentAnswer(serving, call);
}

/** Answer a call for a step of a workflow that cannot be continued: nothing was run. */
export async function endedAnswer(serving: WorkflowServing, call: ContinueCall, step: string): Promise<CallToolResult> {
  const head = await headOf(serving, call);
  if (head === undefined) return failed(NOTHING_FOUND);
  const answer = await presentAnswer(serving, call);
  const why = isTerminalStatus(head.status) ? `the workflow has ended: ${head.status}` : 'the workflow cannot go on';
  const said = `Step "${shownStep(step)}" cannot be done: ${why}. Nothing was run or recorded.`;
  // Not the structured content: that is the result, and this is a failure.
  return { _meta: answer._meta, isError: true, content: [{ type: 'text', text: said }, ...answer.content] };
}

/** A step as its name is repeated to a model. */
export function shownStep(step: string): string {
  return cutUtf8(step, MAX_STEP_BYTES);
}

/** The task, if it is one of a workflow and of this caller. */
async function headOf(serving: WorkflowServing, call: ContinueCall): Promise<TaskHead | undefined> {
  try {
    const { head } = await serving.host.tasks.for(call.request.owner.owner).get(call.input.taskId);
    return isWorkflowTask(serving, head) ? head : undefined;
  } catch (error) {
    if (TaskError.is(error, 'TASK_NOT_FOUND')) return undefined;
    throw error;
  }
}

/** The result of a workflow, or the text of how far it is. */
async function presentAnswer(serving: WorkflowServing, { input, request }: ContinueCall): Promise<CallToolResult> {
  const view = await serving.engine.view(request.owner.owner, input.taskId, serving.handOff);
  const answer = await outcomeOf(serving, view.head);
  const shown = answer ?? { content: [{ type: 'text' as const, text: handOffText(view) }] };
  return withWorkflowMeta(shown, workflowAnswerMeta(request, view.meta));
}

async function outcomeOf(serving: WorkflowServing, head: TaskHead): Promise<CallToolResult | undefined> {
  try {
    return await finalResult(serving, head);
  } catch (error) {
    if (isFault(error)) throw error;
    return failed(toErrorObject(error).message);
  }
}
