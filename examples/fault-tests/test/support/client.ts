import {
  type JsonObject,
  WORKFLOW_META_KEY,
  type WorkflowMeta,
  WorkflowMetaSchema,
  type WorkflowRequestMeta,
} from '@mcp-tasks/wire';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { CallToolResultSchema, CreateTaskResultSchema, type Task } from '@modelcontextprotocol/sdk/types.js';

/** A 2025-11-25 client of one server process. */
export interface TaskClient {
  /** Start a tool as a task. @returns its id: from now on it must not be lost. */
  start(tool: string, args: Record<string, unknown>): Promise<string>;
  get(taskId: string): Promise<Task>;
  /** Wait for the text of the result. */
  result(taskId: string): Promise<string>;
  /** Ask how far the workflow of a task is. */
  look(taskId: string): Promise<WorkflowMeta>;
  /** Call a tool as a part of a workflow. @returns what the answer says of the workflow */
  continue(reference: WorkflowRequestMeta, tool: string, args: JsonObject): Promise<WorkflowMeta>;
  /** @returns whether this call ended the task. */
  cancel(taskId: string): Promise<boolean>;
  close(): Promise<void>;
}

/** Connect to a server over stateless HTTP. */
export async function connectClient(url: string): Promise<TaskClient> {
  const client = new Client({ name: 'fault-tests', version: '0.0.0' });
  await client.connect(new StreamableHTTPClientTransport(new URL(url)));
  const { tasks } = client.experimental;
  return {
    async start(tool, args) {
      const params = { name: tool, arguments: args, task: {} };
      return (await client.request({ method: 'tools/call', params }, CreateTaskResultSchema)).task.taskId;
    },
    get: (taskId) => tasks.getTask(taskId),
    async result(taskId) {
      const { content } = await tasks.getTaskResult(taskId, CallToolResultSchema, { timeout: 300_000 });
      return content.map((block) => (block.type === 'text' ? block.text : '')).join('');
    },
    look: async (taskId) => workflowMetaOf(await tasks.getTask(taskId)),
    async continue(reference, tool, args) {
      const _meta = { [WORKFLOW_META_KEY]: reference };
      return workflowMetaOf(await client.callTool({ name: tool, arguments: args, _meta }));
    },
    async cancel(taskId) {
      try {
        await tasks.cancelTask(taskId);
        return true;
      } catch (error) {
        if (String(error).includes('Cannot cancel')) return false;
        throw error;
      }
    },
    close: () => client.close(),
  };
}

function workflowMetaOf({ _meta }: { readonly _meta?: Readonly<Record<string, unknown>> | undefined }): WorkflowMeta {
  return WorkflowMetaSchema.parse(_meta?.[WORKFLOW_META_KEY]);
}
