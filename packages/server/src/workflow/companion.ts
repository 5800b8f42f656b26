import { TaskError, type TaskHead } from '@mcp-tasks/store';
import { type CallToolResult, type JsonRpcError, ProtocolFailure, type WorkflowRequestMeta } from '@mcp-tasks/wire';
import type { WorkflowView } from '@mcp-tasks/workflow/serving';
import { readEntry } from '../show/entries.ts';
import { warningOf } from './continue/continued-call.ts';
import { runWorkflow, type WorkflowInvocation } from './run-workflow.ts';
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

/** @throws what the workflow failed with. */
async function finalResult({ host }: WorkflowServing, head: TaskHead): Promise<CallToolResult | undefined> {
  const { taskId, status } = head;
  switch (status) {
    case 'completed': {
      const record = await host.tasks.for(head.owner).get(taskId, ['result']);
      return readEntry(record, 'result') as CallToolResult;
    }
    case 'failed': {
      const record = await host.tasks.for(head.owner).get(taskId, ['error']);
      const { code, message, data } = readEntry(record, 'error') as JsonRpcError;
      throw new ProtocolFailure(code, message, data);
    }
    case 'cancelled':
      throw new TaskError('TASK_CANCELLED', `Task ${taskId} was cancelled.`, { details: { taskId } });
    case 'working':
    case 'input_required':
      return undefined;
  }
}
