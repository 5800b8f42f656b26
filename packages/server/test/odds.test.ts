import type { JsonObject } from '@mcp-tasks/wire';
import { McpServer } from '@modelcontextprotocol/server';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { serveTasks, type ServeTasksOptions, type TaskApp } from '../src/index.ts';
import { HttpClient, TASK_CAPABILITIES } from './support/http-client.ts';
import { createTestTools } from './support/test-tools.ts';

const GENERATIONS = ['2025-11-25', '2026-07-28'] as const;
const EXTENSION = { extensions: { 'io.modelcontextprotocol/tasks': {} } };
const { extensions } = TASK_CAPABILITIES;

const apps: TaskApp[] = [];
afterEach(() => Promise.all(apps.splice(0).map((app) => app.close({ drainMs: 0 }))));

function createServer(): McpServer {
  const mcp = new McpServer({ name: 'test', version: '0' }, { capabilities: { logging: {} } });
  mcp.registerTool('plain', {}, () => ({ content: [] }));
  mcp.registerPrompt('prompt', { argsSchema: z.object({ a: z.string() }) }, () => {
    throw new z.ZodError([{ code: 'custom', path: ['own'], message: 'of the prompt', input: 1 }]);
  });
  mcp.registerResource('resource', 'x://y', {}, () => ({ contents: [] }));
  return mcp;
}

function serve(options: ServeTasksOptions = {}) {
  const tools = createTestTools();
  const app = serveTasks(tools.tasks, createServer, { onWarning: () => undefined, ...options });
  apps.push(app);
  const handler = app.http();
  const client = (generation: (typeof GENERATIONS)[number], sub?: string, capabilities?: JsonObject) =>
    new HttpClient(handler, {
      generation,
      capabilities,
      ...(sub !== undefined && { authInfo: { token: 't', clientId: 'app', scopes: [], extra: { sub } } }),
    });
  return { tools, client };
}

const eventually = <Value>(look: () => Value) => expect.poll(look, { timeout: 20_000 });

describe('[TYPE-08] tools/list', () => {
  const supports = async (client: HttpClient) => {
    const { tools } = (await client.result('tools/list')) as { tools: readonly JsonObject[] };
    return new Map(tools.map(({ name, execution }) => [name, execution]));
  };

  it('shows to callers who get tasks which tools make some, and to others what a server without tasks shows', async () => {
    const { client } = serve();
    const shown = await supports(client('2025-11-25', 'alice'));
    expect([shown.get('echo'), shown.get('must_be_task')]).toEqual([
      { taskSupport: 'optional' },
      { taskSupport: 'required' },
    ]);
    const toOthers = await supports(client('2025-11-25'));
    expect([...toOthers.keys()]).toEqual([...shown.keys()]);
    expect(new Set(toOthers.values())).toEqual(new Set([undefined]));
  });
});

describe('[INTG-10] -32021', () => {
  const ALL: JsonObject = { elicitation: { form: {}, url: {} }, sampling: {}, roots: {} };
  const required = (error: { readonly data?: unknown } | undefined) =>
    (error?.data as JsonObject | undefined)?.['requiredCapabilities'];
  /** A server with a tool that asks a question of each kind at once. */
  const serveAsking = () => {
    const served = serve();
    served.tools.tasks.tool('asks_all', { onCrash: 'rerun' }, async (_args, task) => {
      await Promise.all([
        task.elicit('sure', { message: 'Sure?', schema: z.object({ sure: z.boolean() }) }),
        task.elicit('login', { message: 'Sign in', url: 'https://login.example' }),
        task.sample('joke', { messages: [], maxTokens: 1 }),
        task.roots('where'),
      ]);
      return { content: [] };
    });
    return served;
  };
  const CALL_ALL = { name: 'asks_all', arguments: {} };

  it('names every capability that open questions need', async () => {
    const { client } = serveAsking();
    const able = { ...ALL, extensions: extensions as JsonObject };
    const { taskId } = await client('2026-07-28', 'alice', able).result('tools/call', CALL_ALL);
    const asked = async (capabilities: JsonObject) =>
      client('2026-07-28', 'alice', capabilities).request('tasks/get', { taskId: taskId as string });
    await eventually(async () =>
      Object.keys(((await asked(able)).result?.['inputRequests'] ?? {}) as object),
    ).toHaveLength(4);
    const { error } = await asked({ extensions: extensions });
    expect(error).toMatchObject({ code: -32021 });
    expect(required(error)).toEqual(ALL);
    const some = await asked({ elicitation: {}, sampling: {}, extensions: extensions });
    expect(required(some.error)).toEqual({ elicitation: { url: {} }, roots: {} });
  });

  it('names all that an inline tool wanted to ask at once', async () => {
    const { client } = serveAsking();
    const { error } = await client('2026-07-28', 'alice', {}).request('tools/call', CALL_ALL);
    expect(error).toMatchObject({ code: -32021 });
    expect(required(error)).toEqual({ ...EXTENSION, ...ALL });
    const some = await client('2026-07-28', 'alice', { elicitation: {}, roots: {} }).request('tools/call', CALL_ALL);
    expect(required(some.error)).toEqual({ ...EXTENSION, elicitation: { url: {} }, sampling: {} });
  });

  it('names what a tool asks first', async () => {
    const { client } = serve();
    const call = { name: 'asks_first', arguments: {} };
    const { error, result } = await client('2026-07-28', 'alice', {}).request('tools/call', call);
    expect([error?.code, required(error), result]).toEqual([-32021, { elicitation: { form: {} } }, undefined]);
  });

  it('names the extension and what an inline tool wanted to ask', async () => {
    const { client } = serve();
    const call = { name: 'samples', arguments: {} };
    const { error } = await client('2026-07-28', 'alice', {}).request('tools/call', call);
    expect(error).toMatchObject({ code: -32021 });
    expect((error?.data as JsonObject)['requiredCapabilities']).toEqual({ ...EXTENSION, sampling: {} });
    const able = await client('2026-07-28', 'alice', { sampling: {} }).request('tools/call', call);
    expect((able.error?.data as JsonObject)['requiredCapabilities']).toEqual(EXTENSION);
  });
});

describe('a client that did not say what it can answer', () => {
  const errorOf = async (options: ServeTasksOptions) => {
    const { client } = serve(options);
    const alice = client('2025-11-25', 'alice');
    const { task } = await alice.result('tools/call', { name: 'asks', arguments: {}, task: {} });
    const { taskId } = task as { taskId: string };
    let shown: JsonObject = {};
    await eventually(async () => {
      shown = await alice.result('tasks/get', { taskId });
      return shown['status'];
    }).not.toBe('working');
    return shown;
  };

  it('is asked all the same', async () => {
    expect(await errorOf({})).toMatchObject({ status: 'input_required' });
  });

  it('is asked nothing where the author says so', async () => {
    expect(await errorOf({ askUnknownClients: false })).toMatchObject({
      status: 'failed',
      statusMessage: expect.stringContaining('cannot be asked') as unknown,
    });
  });

  it('is a boolean to the option', () => {
    expect(() => serve({ askUnknownClients: 'no' as never })).toThrow(/askUnknownClients must be true or false/);
  });
});

describe.each(GENERATIONS)('[TYPE-11] a result of %s', (generation) => {
  it('does not say of itself what kind it is', async () => {
    const { tools, client } = serve();
    tools.tasks.tool('forges', {}, () => ({ content: [], resultType: 'task', taskId: 'x' }) as never);
    const plain = client(generation, 'alice', {});
    const inline = await plain.result('tools/call', { name: 'forges', arguments: {} });
    expect(inline['resultType']).toBe(generation === '2026-07-28' ? 'complete' : undefined);
    const alice = client(generation, 'alice');
    const { taskId, task } = await alice.result('tools/call', { name: 'forges', arguments: {}, task: {} });
    const id = (taskId ?? (task as JsonObject)['taskId']) as string;
    await eventually(async () => (await alice.result('tasks/get', { taskId: id }))['status']).toBe('completed');
    const result =
      generation === '2026-07-28'
        ? (await alice.result('tasks/get', { taskId: id }))['result']
        : await alice.result('tasks/result', { taskId: id });
    expect((result as JsonObject)['resultType']).toBe(generation === '2026-07-28' ? 'complete' : undefined);
  });
});

describe.each(GENERATIONS)('[INTG-10] params of %s that do not fit a method of the SDK', (generation) => {
  it.each([
    ['tools/list', { cursor: 5 }, 'cursor: '],
    ['prompts/get', { name: 4 }, 'name: '],
    ['prompts/get', { name: 'prompt', arguments: { a: 5 } }, 'arguments.a: '],
    ['resources/read', {}, 'uri: '],
    ['resources/read', { uri: { a: 1 } }, 'uri: '],
    ['resources/list', { cursor: {} }, 'cursor: '],
  ] as const)('are answered as wrong params: %s %o', async (method, params, problem) => {
    const { client } = serve();
    const { error } = await client(generation, 'alice').request(method, params);
    expect(error).toMatchObject({ code: -32602, data: { code: 'INVALID_ARGUMENTS' } });
    expect(error?.message.startsWith(`Invalid params: ${problem}`)).toBe(true);
  });

  it('are told from what a handler of the author throws', async () => {
    const { client } = serve();
    const params = { name: 'prompt', arguments: { a: 'x' } };
    const { error } = await client(generation, 'alice').request('prompts/get', params);
    expect(error).toMatchObject({ code: -32603, message: expect.stringContaining('of the prompt') as unknown });
  });
});
