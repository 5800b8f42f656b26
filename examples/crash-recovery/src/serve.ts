/** The server that gets killed: `serve.ts DATABASE LOG` prints `listening URL`. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createTasks } from '@mcp-tasks/runner';
import { serveTasks } from '@mcp-tasks/server';
import { sqliteStore } from '@mcp-tasks/store-sqlite';
import { localhostHostValidation, localhostOriginValidation, toNodeHandler } from '@modelcontextprotocol/node';
import { McpServer } from '@modelcontextprotocol/server';
import { registerImportTool } from './import-tool.ts';

const [database, logFile] = process.argv.slice(2);
if (database === undefined || logFile === undefined) throw new TypeError('serve.ts takes DATABASE LOG');

// A short lease lets the next process take over soon; the default of 20 s suits servers that are killed less often.
const tasks = createTasks({
  store: sqliteStore({ path: database }),
  leaseMs: 1_000,
  limits: { pollIntervalMs: 100 },
  maxCrashes: 1_000,
});
registerImportTool(tasks, logFile);

// Only this machine can reach it, so every caller may have tasks. A server on a network needs authentication.
const app = serveTasks(tasks, () => new McpServer({ name: 'crash-recovery', version: '0.0.0' }), {
  anonymous: 'allow',
});
const handle = toNodeHandler(app.http());
const allowsHost = localhostHostValidation();
const allowsOrigin = localhostOriginValidation();
const server = createServer((request, response) => {
  // The cast: the SDK's type says `method?: string` where Node says `method?: string | undefined`.
  const incoming = request as Parameters<typeof handle>[0];
  if (allowsHost(request, response) && allowsOrigin(request, response)) void handle(incoming, response);
});
await once(server.listen(0, '127.0.0.1'), 'listening');
// Recovery begins with the server, not with its first request.
await tasks.start();
console.log(`listening http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`);

await once(process.stdin.resume(), 'end');
await app.close();
server.close();
server.closeAllConnections();
