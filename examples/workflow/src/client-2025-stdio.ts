import { IDEMPOTENCY_KEY_META_KEY, WORKFLOW_META_KEY } from '@mcp-tasks/wire';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { CallToolResultSchema, CreateTaskResultSchema } from '@modelcontextprotocol/sdk/types.js';
import { handOffOf, type ReleaseClient, releaseResultOf, workflowMetaOf } from './release-client.ts';
import { PREPARE_RELEASE } from './release-workflow.ts';

const CONTINUE_WORKFLOW = 'continue_workflow';

/**
 * A 2025-11-25 client, version 1 of the SDK, which starts the server and speaks to it over stdio. It begins by the tool of the
 * same name as the prompt, as a task, and continues as a model would: by the tool `continue_workflow`.
 */
export async function connectClient2025(command: string, args: readonly string[]): Promise<ReleaseClient> {
  const client = new Client({ name: 'release-client', version: '0.0.0' });
  await client.connect(new StdioClientTransport({ command, args: [...args] }));
  const { tasks } = client.experimental;
  return {
    name: '2025-11-25 over stdio',
    beginsBy: 'its tool, as a task',
    continuesBy: CONTINUE_WORKFLOW,
    async begin(date, idempotencyKey) {
      const _meta = { [IDEMPOTENCY_KEY_META_KEY]: idempotencyKey };
      const params = { name: PREPARE_RELEASE, arguments: { date }, task: {}, _meta };
      return (await client.request({ method: 'tools/call', params }, CreateTaskResultSchema)).task.taskId;
    },
    async resume(taskId) {
      return handOffOf(await client.getPrompt({ name: PREPARE_RELEASE, _meta: { [WORKFLOW_META_KEY]: { taskId } } }));
    },
    async doStep(taskId, step, stepArguments) {
      const call = { name: CONTINUE_WORKFLOW, arguments: { taskId, step, arguments: stepArguments } };
      return workflowMetaOf(await client.callTool(call));
    },
    look: async (taskId) => workflowMetaOf(await tasks.getTask(taskId)),
    result: async (taskId) => releaseResultOf(await tasks.getTaskResult(taskId, CallToolResultSchema)),
    close: () => client.close(),
  };
}
