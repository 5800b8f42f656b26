/**
 * The server half: `serve.ts http|stdio REPOSITORY FOLDER STEP_MS DATABASE`, where DATABASE is a SQLite file or `memory`.
 *
 * Over HTTP it prints `listening URL` and stops when its standard input ends; over stdio that is what ends a server anyway.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { createTasks } from '@mcp-tasks/runner';
import { serveTasks } from '@mcp-tasks/server';
import { memoryStore } from '@mcp-tasks/store';
import { sqliteStore } from '@mcp-tasks/store-sqlite';
import { localhostHostValidation, localhostOriginValidation, toNodeHandler } from '@modelcontextprotocol/node';
import { McpServer } from '@modelcontextprotocol/server';
import { registerReleaseTools } from './release-tools.ts';
import { registerReleaseWorkflow } from './release-workflow.ts';

const [transport, repository, folder, stepMs, database] = process.argv.slice(2);
if (repository === undefined || folder === undefined || database === undefined) {
  throw new TypeError('serve.ts takes http|stdio REPOSITORY FOLDER STEP_MS DATABASE');
}

// A short lease lets the next process take over soon; the default of 20 s suits servers that are killed less often.
const tasks = createTasks({
  store: database === 'memory' ? memoryStore() : sqliteStore({ path: database }),
  leaseMs: 1_000,
  limits: { pollIntervalMs: 100, maxTtlMs: 7 * 24 * 3_600_000 },
});
const logFile = path.join(folder, 'steps.log');
registerReleaseWorkflow(
  tasks,
  registerReleaseTools(tasks, { repository, draftFolder: folder, logFile, stepMs: Number(stepMs) }),
);

// Only this machine can reach it, so every caller is the same user. A server on a network needs authentication.
const app = serveTasks(tasks, () => new McpServer({ name: 'mcp-tasks-release', version: '0.0.0' }), {
  owner: () => 'local user',
});
// Recovery begins with the server, not with its first request.
await app.started;

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
  console.log(`listening http://127.0.0.1:${port}/mcp`);

  await once(process.stdin.resume(), 'end');
  await app.close();
  server.close();
  server.closeAllConnections();
}
