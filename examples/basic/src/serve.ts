/**
 * The server half of the demo: `serve.ts http|stdio DIRECTORY LOG`.
 *
 * Over HTTP it prints `listening URL` and stops when its standard input ends; over stdio that is what ends a server anyway.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createTasks } from '@mcp-tasks/runner';
import { serveTasks } from '@mcp-tasks/server';
import { memoryStore } from '@mcp-tasks/store';
import { localhostHostValidation, localhostOriginValidation, toNodeHandler } from '@modelcontextprotocol/node';
import { McpServer } from '@modelcontextprotocol/server';
import { registerHashTool } from './hash-tool.ts';
import { openLog } from './open-log.ts';

const [transport, directory, logFile] = process.argv.slice(2);
if (directory === undefined || logFile === undefined) throw new TypeError('serve.ts takes http|stdio DIRECTORY LOG');

const tasks = createTasks({ store: memoryStore() });
registerHashTool(tasks, directory, openLog(logFile));

// Only this machine can reach it, so every caller may have tasks. A server on a network needs authentication.
const app = serveTasks(tasks, () => new McpServer({ name: 'mcp-tasks-demo', version: '0.0.0' }), {
  anonymous: 'allow',
});

if (transport === 'stdio') await serveStdio();
else await serveHttp();

async function serveStdio(): Promise<void> {
  await app.stdio().closed;
  await app.close();
}

async function serveHttp(): Promise<void> {
  const handle = toNodeHandler(app.http());
  const allowsHost = localhostHostValidation();
  const allowsOrigin = localhostOriginValidation();
  const server = createServer((request, response) => {
    // The cast: the SDK's type says `method?: string` where Node says `method?: string | undefined`.
    const incoming = request as Parameters<typeof handle>[0];
    if (allowsHost(request, response) && allowsOrigin(request, response)) void handle(incoming, response);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  console.log(`listening http://127.0.0.1:${String(port)}/mcp`);

  await once(process.stdin.resume(), 'end');
  await app.close();
  server.close();
  server.closeAllConnections();
}
