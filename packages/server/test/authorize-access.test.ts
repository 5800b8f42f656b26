import type { AuthorizeRequest } from '@mcp-tasks/runner';
import { type JsonObject, ProtocolFailure } from '@mcp-tasks/wire';
import { McpServer } from '@modelcontextprotocol/server';
import { afterEach, describe, expect, it } from 'vitest';
import { serveTasks, type TaskApp } from '../src/index.ts';
import { HttpClient } from './support/http-client.ts';
import { createTestTools, type TestToolsOptions } from './support/test-tools.ts';

const ALL = ['get', 'result', 'answer', 'cancel'] as const;
const GENERATIONS = ['2025-11-25', '2026-07-28'] as const;

const apps: TaskApp[] = [];
afterEach(() => Promise.all(apps.splice(0).map((app) => app.close({ drainMs: 0 }))));

/** A server whose author refuses some uses of tasks, and a client of it. */
function serve(generation: (typeof GENERATIONS)[number], options: TestToolsOptions = {}) {
  const asked: AuthorizeRequest[] = [];
  const refused = new Set<string>();
  const authorize = (request: AuthorizeRequest) => {
    asked.push(request);
    if (refused.has(request.via)) throw new ProtocolFailure(-32_000, `no ${request.via}`);
  };
  const tools = createTestTools({ authorizeAccess: ALL, ...options, authorize });
  let requests = 0;
  const app = serveTasks(tools.tasks, () => new McpServer({ name: 'test', version: '0' }), {
    caller: () => ++requests,
  });
  apps.push(app);
  const authInfo = { token: 't', clientId: 'app', scopes: [], extra: { sub: 'alice' } };
  const client = new HttpClient(app.http(), { generation, authInfo });
  const start = async (name: string, args: JsonObject = {}) => {
    const { taskId, task } = await client.result('tools/call', { name, arguments: args, task: {} });
    return (taskId ?? (task as JsonObject)['taskId']) as string;
  };
  return { asked, refused, client, start, tools };
}

describe.each(GENERATIONS)('[SEC-02] authorize, asked before tasks are used in %s', (generation) => {
  it('is told of the task, and of the caller who asks', async () => {
    const { asked, client, start } = serve(generation);
    const taskId = await start('echo', { value: 'hi' });
    await client.result('tasks/get', { taskId });
    expect(asked.slice(0, 2)).toMatchObject([
      { via: 'call', caller: 1 },
      {
        via: 'get',
        caller: 2,
        tool: 'echo',
        arguments: { value: 'hi' },
        owner: expect.stringContaining('alice') as unknown,
      },
    ]);
  });

  it.each(['get', 'cancel'] as const)('refuses %s, and nothing is shown or changed', async (via) => {
    const { refused, client, start, tools } = serve(generation);
    const taskId = await start('hold');
    refused.add(via);
    const { error } = await client.request(`tasks/${via}`, { taskId });
    expect(error).toEqual({ code: -32_000, message: `no ${via}` });
    expect(tools.signals[0]?.aborted).toBe(false);
  });

  it('is not asked of tasks that are missing', async () => {
    const { asked, client } = serve(generation);
    expect((await client.request('tasks/get', { taskId: 'none' })).error?.data).toMatchObject({
      code: 'TASK_NOT_FOUND',
    });
    expect(asked).toEqual([]);
  });

  it('is asked of nothing but calls where its author did not choose so', async () => {
    const { asked, client, start } = serve(generation, { authorizeAccess: undefined });
    const taskId = await start('hold');
    await client.result('tasks/get', { taskId });
    await client.result('tasks/cancel', { taskId });
    expect(asked.map(({ via }) => via)).toEqual(['call']);
  });
});

describe('[SEC-02] authorize, asked before a result or an answer', () => {
  it('keeps the result from tasks/result', async () => {
    const { refused, client, start } = serve('2025-11-25');
    const taskId = await start('echo', { value: 'hi' });
    refused.add('result');
    expect((await client.request('tasks/result', { taskId })).error).toMatchObject({ message: 'no result' });
  });

  it('keeps the result from tasks/get and subscriptions/listen of 2026-07-28, and lets an open task be seen', async () => {
    const { refused, client, start, tools } = serve('2026-07-28');
    const taskId = await start('hold');
    refused.add('result');
    expect(await client.result('tasks/get', { taskId })).toMatchObject({ status: 'working' });
    const listened = await client.request('subscriptions/listen', { notifications: { taskIds: [taskId] } });
    expect(listened.before).toMatchObject([{ params: { notifications: { taskIds: [] } } }]);
    tools.release();
    await expect
      .poll(async () => (await client.request('tasks/get', { taskId })).error, { timeout: 20_000 })
      .toMatchObject({ message: 'no result' });
  });

  it('keeps answers from tasks/update', async () => {
    const { refused, client, start } = serve('2026-07-28');
    const taskId = await start('asks');
    await expect
      .poll(async () => (await client.result('tasks/get', { taskId }))['status'], { timeout: 20_000 })
      .toBe('input_required');
    refused.add('answer');
    const inputResponses = { name: { action: 'accept', content: { name: 'Ada' } } };
    const { error } = await client.request('tasks/update', { taskId, inputResponses });
    expect(error).toMatchObject({ message: 'no answer' });
    expect(await client.result('tasks/get', { taskId })).toMatchObject({ status: 'input_required' });
  });

  it('keeps answers that a 2025-11-25 client posts', async () => {
    const { refused, client, start } = serve('2025-11-25');
    const taskId = await start('asks');
    const stream = await client.open('tasks/result', { taskId });
    let question: JsonObject | undefined;
    do question = await stream.next();
    while (question?.['method'] !== 'elicitation/create');
    refused.add('answer');
    const result = { action: 'accept', content: { name: 'Ada' } };
    const response = await client.post({ jsonrpc: '2.0', id: question['id'], result });
    expect(await response.json()).toMatchObject({ error: { message: 'no answer' } });
    await stream.leave();
  });
});
