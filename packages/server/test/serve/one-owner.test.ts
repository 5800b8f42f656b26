import { createTasks, inProcessExecutor, type InProcessExecutorOptions } from '@mcp-tasks/runner';
import { McpServer } from '@modelcontextprotocol/server';
import { StdioServerTransport } from '@modelcontextprotocol/server/stdio';
import { afterEach, describe, expect, it } from 'vitest';
import { serveTasks, type ServeTasksOptions, type TaskApp } from '../../src/index.ts';
import { HttpClient } from '../support/http-client.ts';
import { PipeClient } from '../support/pipe-client.ts';

const SLOTS = 4;
const TASKS = 2 * SLOTS;
const JOB = { name: 'job', arguments: {}, task: {} };

const apps: TaskApp[] = [];
afterEach(() => Promise.all(apps.splice(0).map((app) => app.close({ drainMs: 0 }))));

interface Setting extends ServeTasksOptions {
  readonly executor?: InProcessExecutorOptions;
}

/** A server with four slots, and one tool, whose runs hold a slot until they are let go. */
function setUp({ executor = {}, ...options }: Setting = {}) {
  const tasks = createTasks({ executor: inProcessExecutor({ concurrency: SLOTS, ...executor }) });
  const held: (() => void)[] = [];
  let running = 0;
  let most = 0;
  let ended = 0;
  tasks.tool('job', {}, async () => {
    running += 1;
    most = Math.max(most, running);
    await new Promise<void>((resolve) => held.push(resolve));
    running -= 1;
    ended += 1;
    return { content: [] };
  });
  const app = serveTasks(tasks, () => new McpServer({ name: 'test', version: '0' }), options);
  apps.push(app);
  /** Start twice as many tasks as there are slots, and find the most that ran at once. */
  const mostRuns = async (start: () => Promise<unknown>, expected: number): Promise<number> => {
    for (let count = 0; count < TASKS; count++) await start();
    await expect.poll(() => running, { timeout: 20_000 }).toBe(expected);
    const letGo = () => {
      for (const go of held.splice(0)) go();
      return ended;
    };
    await expect.poll(letGo, { timeout: 20_000 }).toBe(TASKS);
    return most;
  };
  return { app, mostRuns };
}

async function overStdio(app: TaskApp): Promise<() => Promise<unknown>> {
  const client = new PipeClient();
  app.stdio({ transport: new StdioServerTransport(client.stdin, client.stdout) });
  const clientInfo = { name: 'raw', version: '0' };
  await client.request('initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo });
  return () => client.request('tools/call', JOB);
}

function overHttp(app: TaskApp): () => Promise<unknown> {
  const authInfo = { token: 't', clientId: 'app', scopes: [], extra: { sub: 'alice' } };
  const client = new HttpClient(app.http(), { generation: '2025-11-25', authInfo });
  return () => client.result('tools/call', JOB);
}

describe('[LIFE-05] the slots that one caller gets', () => {
  it('are all of them over stdio, where the caller is alone', async () => {
    const { app, mostRuns } = setUp();
    expect(await mostRuns(await overStdio(app), SLOTS)).toBe(SLOTS);
  });

  it('are half of them over HTTP', async () => {
    const { app, mostRuns } = setUp();
    expect(await mostRuns(overHttp(app), SLOTS / 2)).toBe(SLOTS / 2);
  });

  it('are its share over stdio where HTTP is served too, before or after', async () => {
    const before = setUp();
    before.app.http();
    expect(await before.mostRuns(await overStdio(before.app), SLOTS / 2)).toBe(SLOTS / 2);
    const after = setUp();
    const start = await overStdio(after.app);
    after.app.http();
    expect(await after.mostRuns(start, SLOTS / 2)).toBe(SLOTS / 2);
  });

  it('are its share over stdio where the author names owners, or sets the share', async () => {
    const owners = setUp({ owner: () => 'alice' });
    expect(await owners.mostRuns(await overStdio(owners.app), SLOTS / 2)).toBe(SLOTS / 2);
    const share = setUp({ executor: { maxRunningPerOwner: 3 } });
    expect(await share.mostRuns(await overStdio(share.app), 3)).toBe(3);
  });
});
