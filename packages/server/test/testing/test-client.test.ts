import { createTasks } from '@mcp-tasks/runner';
import { McpServer } from '@modelcontextprotocol/server';
import { afterEach, describe, expect, it } from 'vitest';
import { connectTestClient, type TestClient, type TestClientOptions } from '../../src/testing.ts';
import { createTestTools, type TestTools } from '../support/test-tools.ts';

describe.each(['2025-11-25', '2026-07-28'] as const)('[TEST-09] the client of %s for tests of tools', (generation) => {
  let tools: TestTools = createTestTools();
  const clients: TestClient[] = [];

  const connect = async (options: Partial<TestClientOptions> = {}) => {
    tools = createTestTools();
    const client = await connectTestClient(tools.tasks, { generation, ...options });
    clients.push(client);
    return client;
  };
  afterEach(async () => {
    for (const client of clients.splice(0)) await client.close();
    await tools.tasks.close({ drainMs: 0 });
  });

  it('follows a tool to its end, whatever its task support', async () => {
    const client = await connect();
    expect(await client.callTool('greet', { name: 'Ada' })).toMatchObject({ content: [{ text: 'Hello, Ada!' }] });
    expect(await client.callTool('echo', { value: 'x' })).toMatchObject({ content: [{ text: 'x' }] });
    expect(await client.callTool('must_be_task')).toMatchObject({ content: [{ text: 'done' }] });
    expect(await client.callTool('tool_error')).toMatchObject({ isError: true });
    await expect(client.callTool('protocol_error')).rejects.toMatchObject({
      code: -33603,
      data: { reason: 'because' },
    });
  });

  it('is served every tool, also after one with the name of a member of every object was refused', async () => {
    const tasks = createTasks();
    for (const name of Object.getOwnPropertyNames(Object.prototype)) {
      expect(() => tasks.tool(name, {}, () => ({ content: [] }))).toThrow(`"${name}"`);
    }
    tasks.tool('good', {}, () => ({ content: [{ type: 'text', text: 'good' }] }));
    await using client = await connectTestClient(tasks, { generation });
    expect(await client.callTool('good')).toMatchObject({ content: [{ text: 'good' }] });
    for (const name of ['toString', '__proto__', 'constructor']) {
      await expect(client.callTool(name)).rejects.toMatchObject({ code: -32602 });
      await expect(client.request(name)).rejects.toMatchObject({ code: -32601 });
      await expect(client.request('tasks/get', { taskId: name })).rejects.toMatchObject({ code: -32602 });
    }
    await tasks.close({ drainMs: 0 });
  });

  it('answers the questions of a tool, before its work and in it', async () => {
    const asked: unknown[] = [];
    const client = await connect({
      answer: ({ method, params }) => {
        asked.push(params['message'] ?? method);
        return method === 'elicitation/create'
          ? { action: 'accept', content: { name: 'Luca' } }
          : { role: 'assistant', model: 'm', content: { type: 'text', text: 'Ha' } };
      },
    });
    expect(await client.callTool('asks')).toMatchObject({ content: [{ text: 'Hello, Luca!' }] });
    expect(await client.callTool('asks_two')).toMatchObject({ content: [{ text: 'Luca and Luca' }] });
    expect(await client.callTool('asks_first')).toMatchObject({ content: [{ text: 'Hello, Luca!' }] });
    expect(await client.callTool('samples')).toMatchObject({
      content: [{ text: expect.stringContaining('Ha') as string }],
    });
    expect(asked).toEqual([...Array<string>(4).fill('What is your name?'), 'sampling/createMessage']);
  });

  it('gives the handle of a task, and any request of the generation', async () => {
    const client = await connect();
    const started = await client.startTool('hold');
    if (!('taskId' in started)) throw new TypeError('no task');
    expect(await client.request('tasks/get', started)).toMatchObject({ status: 'working' });
    tools.release();
    expect(await client.startTool('greet', { name: 'Ada' })).toMatchObject({
      result: { content: [{ text: 'Hello, Ada!' }] },
    });
  });

  it('hears what the server sends', async () => {
    const client = await connect();
    const started = await client.startTool('publishes');
    if (generation === '2026-07-28')
      client
        .request('subscriptions/listen', { notifications: { taskIds: [(started as { taskId: string }).taskId] } })
        .catch(() => undefined);
    const method = generation === '2026-07-28' ? 'notifications/tasks' : 'notifications/tasks/status';
    await expect
      .poll(() => client.notifications.filter((notification) => notification.method === method).at(-1)?.params)
      .toMatchObject({ status: 'completed' });
  });

  it('is one owner, or the one that it is told to be', async () => {
    const client = await connect({ owner: () => 'ada' });
    expect(await client.callTool('whoami')).toMatchObject({ content: [{ text: 'ada task' }] });
  });

  it("sees the server's own tools beside", async () => {
    const client = await connect({
      createServer: () => {
        const mcp = new McpServer({ name: 'own', version: '0' });
        mcp.registerTool('own', {}, () => ({ content: [{ type: 'text', text: 'mine' }] }));
        return mcp;
      },
    });
    expect(await client.callTool('own')).toMatchObject({ content: [{ text: 'mine' }] });
  });

  it('ends with its scope', async () => {
    const tasks = createTasks();
    {
      await using client = await connectTestClient(tasks, { generation });
      expect(client.generation).toBe(generation);
    }
    await tasks.close();
  });
});
