import { TaskError, type TaskHead } from '@mcp-tasks/store';
import type { CallToolResult } from '@mcp-tasks/wire';
import { isCallToolResult } from '@modelcontextprotocol/server';
import type { TaskRequest } from '../../request/task-request.ts';
import { isWorkflowTask, type WorkflowServing } from './workflow-serving.ts';

/**
 * Complete a workflow task with the `result` that its `tasks/cancel` carries, where the author allows it.
 *
 * @returns undefined when the request is a plain cancel: no result, no workflow, or not allowed.
 * @throws {TaskError} INVALID_ARGUMENTS - it is not a tool result, or too large; as `WorkflowEngine.completeByClient`.
 */
export async function completeByCancel(
  workflows: WorkflowServing | undefined,
  { params }: TaskRequest,
  head: TaskHead,
): Promise<TaskHead | undefined> {
  const { result } = params;
  if (result === undefined || !isWorkflowTask(workflows, head) || !workflows.settings.completeByCancel)
    return undefined;
  if (!isCallToolResult(result)) throw new TaskError('INVALID_ARGUMENTS', 'result must be the result of a tool.');
  try {
    return await workflows.engine.completeByClient(head.owner, head.taskId, result as CallToolResult);
  } catch (error) {
    // Elsewhere it is a handler's result that is too large.
    if (!TaskError.is(error, 'RESULT_TOO_LARGE')) throw error;
    throw new TaskError('INVALID_ARGUMENTS', error.message, { details: error.details, cause: error });
  }
}
