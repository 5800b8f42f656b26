import { TaskError, type TaskHead } from '@mcp-tasks/store';
import { type CallToolResult, type JsonRpcError, ProtocolFailure } from '@mcp-tasks/wire';
import { readEntry } from '../../show/entries.ts';
import type { WorkflowServing } from './workflow-serving.ts';

/** The result of a workflow; undefined while it is not over. @throws what it failed with. */
export async function finalResult({ host }: WorkflowServing, head: TaskHead): Promise<CallToolResult | undefined> {
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
