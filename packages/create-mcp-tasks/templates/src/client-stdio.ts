import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import {
  createTaskSessionFromClient,
  resultFromTaskOutcome,
  taskViewFromExecutionEvent,
} from '@modelcontextprotocol/ext-tasks/client';

// The client starts the server, with the environment of its own process.
const args = [fileURLToPath(new URL('./server.js', import.meta.url))];
const env = Object.fromEntries(Object.entries(process.env).map(([name, value = '']) => [name, value]));
const client = new Client({ name: '{{name}}-client', version: '1.0.0' });
await client.connect(new StdioClientTransport({ command: process.execPath, args, env }));
const session = createTaskSessionFromClient(client, { endpointId: '{{name}}' });

// The call is answered with the handle of a task. The client then asks how far it is, and fetches the result.
const call = await session.callTool('write_report', { month: '2026-07' }, { task: { preference: 'require' } });
if (call.kind === 'task') console.log(`Task ${call.handle.taskId} started.`);

let shown = '';
const { outcome } = await call.settle({
  onEvent: (event) => {
    const { statusMessage = '' } = taskViewFromExecutionEvent(event) ?? {};
    if (statusMessage !== shown) console.log(statusMessage);
    shown = statusMessage;
  },
});
console.log(resultFromTaskOutcome(outcome).content);

await session.close();
await client.close();
