import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { CallToolResultSchema } from '@modelcontextprotocol/sdk/types.js';
import { type DemoClient, outcomeOf, progressOf } from './demo-client.ts';
import { HASH_FILES } from './hash-tool.ts';

/** A 2025-11-25 client: version 1 of the SDK with its experimental tasks. It starts the server and speaks to it over stdio. */
export async function connectClient2025(command: string, args: readonly string[]): Promise<DemoClient> {
  const client = new Client({ name: 'mcp-tasks-demo', version: '0.0.0' });
  await client.connect(new StdioClientTransport({ command, args: [...args] }));
  // The client remembers from the list which tools may be tasks.
  await client.listTools();
  const tasks = client.experimental.tasks;
  return {
    name: '2025-11-25 over stdio',
    async hashFiles(hashArguments, onUpdate) {
      const call = { name: HASH_FILES, arguments: hashArguments };
      let cancelled = false;
      for await (const message of tasks.callToolStream(call, CallToolResultSchema, { task: {} })) {
        if (message.type === 'result') return outcomeOf(message.result);
        if (message.type === 'error') {
          return cancelled ? { status: 'cancelled' } : { status: 'failed', message: message.error.message };
        }
        const { taskId, status } = message.task;
        cancelled = status === 'cancelled';
        const cancel = async () => {
          await tasks.cancelTask(taskId);
        };
        await onUpdate({ taskId, progress: progressOf(message.task), cancel });
      }
      return { status: 'failed', message: 'the stream ended without a result' };
    },
    close: () => client.close(),
  };
}
