import { createTasks } from '@mcp-tasks/runner';
import { memoryStore, TaskError } from '@mcp-tasks/store';
import { McpServer } from '@modelcontextprotocol/server';
import { afterEach, describe, expect, expectTypeOf, it } from 'vitest';
import { serveTasks, type ServeTasksOptions, type TaskApp, type WrapHandlerOptions } from '../../src/index.ts';
import type { TestCallOptions, TestClientOptions } from '../../src/testing.ts';
import { HttpClient } from '../support/http-client.ts';
import { createTestTools, type TestTools } from '../support/test-tools.ts';

describe('serveTasks', () => {
  const apps: TaskApp[] = [];
  afterEach(async () => {
    for (const app of apps.splice(0)) await app.close({ drainMs: 0 });
  });

  const newServer = () => new McpServer({ name: 'test', version: '0' });
  function serve({ tasks }: Pick<TestTools, 'tasks'>, options: ServeTasksOptions = {}): TaskApp {
    const app = serveTasks(tasks, newServer, { owner: () => 'alice', onerror: () => undefined, ...options });
    apps.push(app);
    return app;
  }
  const connect = (app: TaskApp) => new HttpClient(app.http(), { generation: '2026-07-28' });
  const call = { name: 'hold', arguments: {} };

  it('takes undefined for every option, where it means the default', async () => {
    /** Names of the fields for which `undefined` is no value. */
    type Strict<Options> = {
      [Name in keyof Options]-?: undefined extends Required<Options>[Name] ? never : Name;
    }[keyof Options];
    expectTypeOf<Strict<ServeTasksOptions>>().toBeNever();
    expectTypeOf<Strict<WrapHandlerOptions>>().toBeNever();
    expectTypeOf<Strict<TestCallOptions>>().toBeNever();
    expectTypeOf<Strict<TestClientOptions>>().toEqualTypeOf<'generation'>();
    const options = {
      caller: undefined,
      anonymous: undefined,
      drainMs: undefined,
      onWarning: undefined,
      onerror: undefined,
    };
    const client = connect(serve(createTestTools(), options));
    expect(await client.result('tools/call', { name: 'whoami', arguments: {} })).toMatchObject({ resultType: 'task' });
  });

  it('opens the store on its first use, and tells when that is done', async () => {
    const opened: string[] = [];
    const store = Object.assign(memoryStore(), { open: async () => void opened.push('open') });
    const app = serve(createTestTools({ store }));
    expect(opened).toEqual([]);
    app.http();
    await app.started;
    expect(opened).toEqual(['open']);
  });

  it('answers -32603 while the store cannot be opened, and serves when it can', async () => {
    let isUp = false;
    const open = async () => {
      if (!isUp) throw new TaskError('STORE_UNAVAILABLE', 'refused by 10.0.0.1');
    };
    const app = serve(createTestTools({ store: Object.assign(memoryStore(), { open }) }));
    const client = connect(app);
    await expect(app.started).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    const down = await client.request('tools/call', { name: 'whoami', arguments: {} });
    expect(down.error).toMatchObject({ code: -32603 });
    expect(JSON.stringify(down)).not.toContain('10.0.0.1');
    isUp = true;
    expect(await client.result('tools/call', { name: 'whoami', arguments: {} })).toMatchObject({ resultType: 'task' });
  });

  it('lets runs finish when it closes: their results can be waited for and fetched, but nothing new begins', async () => {
    const tools = createTestTools();
    const app = serve(tools);
    const client = new HttpClient(app.http(), { generation: '2025-11-25' });
    const { task } = await client.result('tools/call', { ...call, task: {} });
    const { taskId } = task as { taskId: string };
    await expect.poll(() => tools.runs).toEqual(['hold']);
    const closed = app.close({ drainMs: 30_000 });
    const waiting = client.result('tasks/result', { taskId });
    expect(await client.result('tasks/get', { taskId })).toMatchObject({ status: 'working' });
    const refused = await client.request('tools/call', { ...call, task: {} });
    expect(refused.error).toMatchObject({ code: -32603, data: { code: 'STORE_CLOSED' } });
    tools.release();
    expect(await waiting).toMatchObject({ content: [{ text: 'released' }] });
    await closed;
  });

  it('closes once, with its scope too', async () => {
    const tools = createTestTools();
    {
      await using app = serveTasks(tools.tasks, newServer);
      app.http();
    }
    await expect(tools.tasks.start()).rejects.toMatchObject({ code: 'STORE_CLOSED' });
  });

  it('serves what an author makes of the request that is served', async () => {
    const tools = createTestTools();
    const app = serveTasks(
      tools.tasks,
      async ({ era, requestInfo }) => {
        const mcp = newServer();
        mcp.registerTool('which', {}, () => ({
          content: [{ type: 'text', text: `${era} ${requestInfo?.method ?? ''}` }],
        }));
        return mcp;
      },
      { owner: () => 'alice' },
    );
    apps.push(app);
    const client = connect(app);
    expect(await client.result('tools/call', { name: 'which', arguments: {} })).toMatchObject({
      content: [{ text: 'modern POST' }],
    });
    expect(await client.result('tools/call', { name: 'whoami', arguments: {} })).toMatchObject({ resultType: 'task' });
  });

  it('tells the reason when the factory makes no McpServer', async () => {
    const errors: Error[] = [];
    const tools = createTestTools();
    const app = serveTasks(tools.tasks, () => newServer().server as never, { onerror: () => undefined });
    apps.push(app);
    const handler = app.http({ onerror: (error) => errors.push(error) });
    const reply = await new HttpClient(handler, { generation: '2026-07-28' }).request('server/discover');
    expect(reply.error).toMatchObject({ code: -32603 });
    expect(errors.map(({ message }) => message)).toEqual([expect.stringContaining('McpServer')]);
  });

  it("hands on what the SDK's handler offers", () => {
    const { notify, bus } = serve(createTestTools()).http();
    let heard = 0;
    bus.subscribe(() => heard++);
    notify.toolsChanged();
    expect(heard).toBe(1);
  });

  it.each([-1, 1.5, NaN, Infinity, '5'])('refuses drainMs %o', async (drainMs) => {
    const options = { drainMs: drainMs as number };
    expect(() => serveTasks(createTasks(), newServer, options)).toThrow(/^serveTasks: drainMs/);
    await expect(serve(createTestTools()).close(options)).rejects.toThrow(/^app\.close: drainMs/);
  });
});
