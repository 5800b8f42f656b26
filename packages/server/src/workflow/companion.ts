import { ProtocolFailure, type CallToolResult, type JsonRpcError } from '@mcp-tasks/wire';
import { TaskError, type TaskHead } from '@mcp-tasks/store';
import { readEntry } from '../entries.ts';
import { handOffText } from './hand-off-text.ts';
import { runWorkflow, type WorkflowInvocation } from './run-workflow.ts';
import { withWorkflowMeta } from './task-meta.ts';
import { workflowAnswerMeta, type WorkflowServing } from './workflow-serving.ts';

/**
 * Answer a call of a workflow's tool that becomes no task for its client: with the result if the workflow is done in time,
 * else with the hand-off.
 */
export async function callCompanion(serving: WorkflowServing, invocation: WorkflowInvocation): Promise<CallToolResult> {
  const view = await runWorkflow(serving, invocation);
  const result = await finalResult(serving, view.head);
  const answer = result ?? { content: [{ type: 'text' as const, text: handOffText(view) }] };
  return withWorkflowMeta(answer, workflowAnswerMeta(invocation.request, view.meta));
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
      throw new TaskError('TASK_CANCELLED', `Task ${taskId} was cancelled`, { details: { taskId } });
    case 'working':
    case 'input_required':
      return undefined;
  }
}
