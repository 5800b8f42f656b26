import { createServer } from 'node:http';
import { serveTasks } from '@mcp-tasks/server';
import { localhostHostValidation, localhostOriginValidation, toNodeHandler } from '@modelcontextprotocol/node';
import { McpServer } from '@modelcontextprotocol/server';
import { tasks } from './tasks.js';

const port = Number(process.env.PORT ?? 3000);

// A plain server of the SDK: its own tools, prompts and resources live beside the tools of `tasks`.
const app = serveTasks(tasks, () => new McpServer({ name: '{{name}}', version: '1.0.0' }), {
  // Only this machine can reach the server, so callers without an identity may have tasks too. On a network remove the
  // next line and verify tokens: a user then sees no tasks of others.
  anonymous: 'allow',
});
await app.started; // the store is open

const handle = toNodeHandler(app.http());
const allowsHost = localhostHostValidation();
const allowsOrigin = localhostOriginValidation();
const server = createServer((request, response) => {
  if (allowsHost(request, response) && allowsOrigin(request, response)) void handle(request, response);
});
server.listen(port, '127.0.0.1', () => {
  console.log(`Listening on http://127.0.0.1:${port}/mcp`);
});

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, async () => {
    await app.close(); // lets runs end, or gives them back for the next process
    server.close();
    server.closeAllConnections();
  });
}
