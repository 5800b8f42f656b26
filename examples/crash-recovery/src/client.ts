import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { CallToolResultSchema, CreateTaskResultSchema } from '@modelcontextprotocol/sdk/types.js';
import { IMPORT_BATCHES } from './import-tool.ts';

/** A client's view of a task. */
export interface SeenTask {
  readonly taskId: string;
  readonly status: string;
}

/** A 2025-11-25 client; a new one is made for each start of the server, the task ids stay. */
export interface ImportClient {
  start(batches: number, batchMs: number): Promise<SeenTask>;
  get(taskId: string): Promise<SeenTask>;
  /** Text of the task's result; waits until there is one. */
  result(taskId: string): Promise<string>;
  close(): Promise<void>;
}

/** Connect to a running server. */
export async function connectClient(url: URL): Promise<ImportClient> {
  const client = new Client({ name: 'crash-recovery-client', version: '0.0.0' });
  await client.connect(new StreamableHTTPClientTransport(url));
  const { tasks } = client.experimental;
  return {
    async start(batches, batchMs) {
      const params = { name: IMPORT_BATCHES, arguments: { batches, batchMs }, task: {} };
      return (await client.request({ method: 'tools/call', params }, CreateTaskResultSchema)).task;
    },
    get: (taskId) => tasks.getTask(taskId),
    async result(taskId) {
      const { content } = await tasks.getTaskResult(taskId, CallToolResultSchema);
      return content.map((block) => (block.type === 'text' ? block.text : '')).join('');
    },
    close: () => client.close(),
  };
}
