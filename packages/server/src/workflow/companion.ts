import { TaskError } from '@mcp-tasks/store';
import type { CallToolResult, WorkflowRequestMeta } from '@mcp-tasks/wire';
import type { WorkflowView } from '@mcp-tasks/workflow/serving';
import { warningOf } from './continue/continued-call.ts';
import { runWorkflow, type WorkflowInvocation } from './run-workflow.ts';
import { finalResult } from './serving/final-result.ts';
import { handOffText } from './serving/hand-off-text.ts';
import { withWorkflowMeta } from './serving/task-meta.ts';
import { workflowAnswerMeta, type WorkflowServing } from './serving/workflow-serving.ts';

/** A call of a workflow's tool. */
export type CompanionCall = Omit<WorkflowInvocation, 'reference'> & {
  readonly reference: WorkflowRequestMeta | 'malformed' | undefined;
};

/**
 * Answer a call of a workflow's tool that becomes no task for its client: with the result if the workflow is done in
 * time, else with the hand-off.
 */
export async function callCompanion(serving: WorkflowServing, call: CompanionCall): Promise<CallToolResult> {
  const { view, warning } = await resumeElseStart(serving, call);
  const result = await finalResult(serving, view.head);
  const answer = result ?? { content: [{ type: 'text' as const, text: handOffText(view) }] };
  const meta = warning === undefined ? view.meta : { ...view.meta, warning };
  return withWorkflowMeta(answer, workflowAnswerMeta(call.request, meta));
}

/** A call that names a task which is not there to be resumed is one of its own, as with every other tool. */
async function resumeElseStart(
  serving: WorkflowServing,
  { reference, ...invocation }: CompanionCall,
): Promise<{ readonly view: WorkflowView; readonly warning?: string }> {
  const fresh = () => runWorkflow(serving, { ...invocation, reference: undefined });
  if (reference === undefined) return { view: await fresh() };
  if (reference === 'malformed') return { view: await fresh(), warning: warningOf(reference) };
  try {
    return { view: await runWorkflow(serving, { ...invocation, reference }) };
  } catch (error) {
    if (!TaskError.is(error, 'TASK_NOT_FOUND')) throw error;
    return { view: await fresh(), warning: warningOf(reference) };
  }
}
