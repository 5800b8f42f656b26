import { TaskError } from '@mcp-tasks/store';
import type { CallToolResult, WorkflowMeta } from '@mcp-tasks/wire';
import type { Recorded, WorkflowView } from '@mcp-tasks/workflow/serving';
import type { ServerContext } from '@modelcontextprotocol/server';
import { isFault } from '../../request/errors.ts';
import type { TaskRequest } from '../../request/task-request.ts';
import { handOffText } from '../serving/hand-off-text.ts';
import { withWorkflowMeta } from '../serving/task-meta.ts';
import { workflowAnswerMeta, type WorkflowServing } from '../serving/workflow-serving.ts';
import type { ContinueArguments } from './continue-arguments.ts';

/** A model that does a step of a workflow, by the tool for it. */
export interface ContinueCall {
  readonly input: ContinueArguments;
  readonly request: TaskRequest;
  readonly context: ServerContext;
}

/** A result that says that the call failed. */
export function failed(text: string): CallToolResult {
  return { content: [{ type: 'text', text }], isError: true };
}

/**
 * The answer of a step that a model did: its result, then what was recorded and what remains, as text for the model and
 * as `_meta`.
 *
 * @param recorded - what recording answered; undefined when nothing was to be recorded.
 */
export async function continuedAnswer(
  serving: WorkflowServing,
  { request, input }: ContinueCall,
  result: CallToolResult,
  recorded: Recorded | undefined,
): Promise<CallToolResult> {
  const view = await presentView(serving, request, input.taskId);
  const said = recorded === undefined ? [] : [told(recorded)];
  const text = [...said, ...(view === undefined ? [] : [handOffText(view)])].join('\n\n');
  const answer = text === '' ? result : { ...result, content: [...result.content, { type: 'text' as const, text }] };
  // Text and `_meta` are of one moment: the server's steps go on meanwhile.
  const meta = view === undefined ? recorded : { ...view.meta, ...recordingOf(recorded) };
  return meta === undefined ? answer : withWorkflowMeta(answer, workflowAnswerMeta(request, meta));
}

/** The call has been made: its outcome is told even if the task cannot be read now. */
async function presentView(
  { engine, handOff, host }: WorkflowServing,
  { owner }: TaskRequest,
  taskId: string,
): Promise<WorkflowView | undefined> {
  try {
    return await engine.view(owner.owner, taskId, handOff);
  } catch (error) {
    if (!TaskError.is(error, 'TASK_NOT_FOUND') && isFault(error)) host.reportError(error);
    return undefined;
  }
}

type Recording = Pick<WorkflowMeta, 'matchedStep' | 'warning'>;

/** Facts that only the answer to a recording has. */
function recordingOf(recorded: Recorded | undefined): Recording {
  const { matchedStep, warning }: Recording = recorded ?? {};
  return { ...(matchedStep !== undefined && { matchedStep }), ...(warning !== undefined && { warning }) };
}

function told(recorded: Recorded): string {
  const { matchedStep, warning } = recordingOf(recorded);
  const step =
    matchedStep === undefined ? 'Recorded, but as no step of the workflow.' : `Recorded as step "${matchedStep}".`;
  if (!('taskId' in recorded)) return recorded.warning;
  return warning === undefined ? step : `${step} ${warning}`;
}
