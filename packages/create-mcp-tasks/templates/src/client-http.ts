import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import {
  createTaskSessionFromClient,
  resultFromTaskOutcome,
  taskViewFromExecutionEvent,
} from '@modelcontextprotocol/ext-tasks/client';

const url = new URL(`http://127.0.0.1:${process.env.PORT ?? 3000}/mcp`);
const client = new Client({ name: '{{name}}-client', version: '1.0.0' });
await client.connect(new StreamableHTTPClientTransport(url));
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
