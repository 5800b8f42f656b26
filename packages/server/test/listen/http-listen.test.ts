import { inspect } from '@mcp-tasks/runner/testing';
import { memoryStore, TaskError, type TaskStore } from '@mcp-tasks/store';
import type { JsonObject } from '@mcp-tasks/wire';
import {
  type AuthInfo,
  type CreateMcpHandlerOptions,
  type McpHttpHandler,
  McpServer,
} from '@modelcontextprotocol/server';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { serveTasks, type ServeTasksOptions, type TaskApp } from '../../src/index.ts';
import { MAX_TASK_IDS_PER_LISTEN } from '../../src/listen/listen-request.ts';
import { HttpClient, type HttpStream, readStream, TASK_CAPABILITIES } from '../support/http-client.ts';
import { createTestTools, type TestTools } from '../support/test-tools.ts';

/** A condition is awaited; the deadline is for what never comes. */
const eventually = <Value>(look: () => Value) => expect.poll(look, { timeout: 20_000 });

const SUBSCRIPTION = 'io.modelcontextprotocol/subscriptionId';
const SERVER_INFO = 'io.modelcontextprotocol/serverInfo';
const ACKNOWLEDGED = 'notifications/subscriptions/acknowledged';

const user = (sub: string): AuthInfo => ({ token: sub, clientId: 'app', scopes: [], extra: { iss: 'issuer', sub } });

type Message = JsonObject & { readonly params: JsonObject; readonly id?: number; readonly result: JsonObject };

describe('[INTG-10] subscriptions/listen with taskIds over HTTP', () => {
  let tools: TestTools;
  const apps: TaskApp[] = [];

  beforeEach(() => {
    tools = createTestTools();
  });
  afterEach(async () => {
    for (const app of apps.splice(0)) await app.close({ drainMs: 0 });
    expect(inspect(tools.tasks).waiters, 'waiters that stay behind').toBe(0);
  });

  function serve(handlerOptions: CreateMcpHandlerOptions = {}, options: ServeTasksOptions = {}): McpHttpHandler {
    const app = serveTasks(tools.tasks, () => new McpServer({ name: 'test', version: '0' }), options);
    apps.push(app);
    return app.http(handlerOptions);
  }
  const connect = (handler: McpHttpHandler, sub = 'alice', capabilities: JsonObject = TASK_CAPABILITIES) =>
    new HttpClient(handler, { generation: '2026-07-28', authInfo: user(sub), capabilities });
  const start = async (client: HttpClient, name: string, args: JsonObject = {}): Promise<string> =>
    (await client.result('tools/call', { name, arguments: args }))['taskId'] as string;
  const listen = (client: HttpClient, taskIds: unknown, others: JsonObject = {}, signal?: AbortSignal) =>
    client.open('subscriptions/listen', { notifications: { ...others, taskIds: taskIds as string[] } }, signal);
  const next = async (stream: HttpStream) => (await stream.next()) as Message;
  const waiters = () => inspect(tools.tasks).waiters;

  /** What tasks/get answers, as a notification would carry it. */
  async function shown(client: HttpClient, taskId: string): Promise<JsonObject> {
    const { resultType, ...task } = await client.result('tasks/get', { taskId });
    expect(resultType).toBe('complete');
    return withoutMeta(task, SERVER_INFO);
  }
  /** A notification without the id of its subscription. */
  const carried = (message: Message) => withoutMeta(message.params, SUBSCRIPTION);

  it('[SEC-02] acknowledges first, with the caller’s own existing tasks: foreign and unknown ids are left out alike', async () => {
    const handler = serve();
    const alice = connect(handler);
    const mine = await start(alice, 'hold');
    const foreign = await start(connect(handler, 'bob'), 'hold');
    const stream = await listen(alice, [foreign, mine, 'unknown', mine]);
    expect(stream.status).toBe(200);
    expect(await next(stream)).toEqual({
      jsonrpc: '2.0',
      method: ACKNOWLEDGED,
      params: { notifications: { taskIds: [mine] }, _meta: { [SUBSCRIPTION]: expect.any(Number) as number } },
    });
    expect(await next(stream)).toMatchObject({ method: 'notifications/tasks', params: { taskId: mine } });
    await stream.leave();
  });

  it('[HNDL-02] carries each task as tasks/get shows it: working, asking, completed, failed, cancelled, with what it published', async () => {
    const client = connect(serve());
    const working = await start(client, 'hold');
    const asking = await start(client, 'asks');
    const published = await start(client, 'publishes');
    const failed = await start(client, 'protocol_error');
    const resultError = await start(client, 'tool_error');
    const cancelled = await start(client, 'hold');
    await client.result('tasks/cancel', { taskId: cancelled });
    const ids = [working, asking, published, failed, resultError, cancelled];
    const expected = ['working', 'input_required', 'completed', 'failed', 'completed', 'cancelled'];
    const statuses = () => Promise.all(ids.map(async (id) => (await shown(client, id))['status']));
    await eventually(statuses).toEqual(expected);

    const stream = await listen(client, ids);
    const acknowledgement = await next(stream);
    for (const taskId of ids) {
      const message = await next(stream);
      expect(message['method']).toBe('notifications/tasks');
      expect((message.params['_meta'] as JsonObject)[SUBSCRIPTION]).toBe(
        (acknowledgement.params['_meta'] as JsonObject)[SUBSCRIPTION],
      );
      expect(carried(message)).toEqual(await shown(client, taskId));
      expect(message.params).not.toHaveProperty('resultType');
      expect(JSON.stringify(message)).not.toContain('never');
    }
    await stream.leave();
  });

  it('shows no question to a client that did not say that it can answer it', async () => {
    const handler = serve();
    const able = connect(handler);
    const deaf = connect(handler, 'alice', { extensions: { 'io.modelcontextprotocol/tasks': {} } });
    const taskId = await start(able, 'asks');
    await eventually(async () => (await shown(able, taskId))['status']).toBe('input_required');
    const stream = await listen(deaf, [taskId]);
    await next(stream);
    await able.result('tasks/update', {
      taskId,
      inputResponses: { name: { action: 'accept', content: { name: 'Ada' } } },
    });
    const seen = [await next(stream)];
    while (seen.at(-1)?.['method'] === 'notifications/tasks') seen.push(await next(stream));
    const states = seen.slice(0, -1).map(({ params }) => params['status']);
    expect(states).not.toContain('input_required');
    expect(states.at(-1)).toBe('completed');
  });

  it('tells of every change until the last task is over, then ends with the result of the request', async () => {
    const client = connect(serve());
    const reporting = await start(client, 'reports', { total: 2 });
    const held = await start(client, 'hold');
    const stream = await listen(client, [reporting, held]);
    const acknowledgement = await next(stream);
    const seen: Message[] = [];
    const isOver = (taskId: string) =>
      seen.some(({ params }) => params['taskId'] === taskId && params['status'] === 'completed');
    while (!isOver(reporting) || !isOver(held)) {
      tools.release();
      seen.push(await next(stream));
    }
    expect(new Set(seen.map((message) => message['method']))).toEqual(new Set(['notifications/tasks']));
    const states = seen.map((message) => JSON.stringify(message.params));
    expect(new Set(states).size, 'a state is told twice').toBe(states.length);

    const last = await next(stream);
    const subscriptionId = (acknowledgement.params['_meta'] as JsonObject)[SUBSCRIPTION];
    expect(last).toMatchObject({ id: subscriptionId, result: { resultType: 'complete' } });
    expect(last.result['_meta']).toMatchObject({ [SUBSCRIPTION]: subscriptionId });
    expect(await stream.next()).toBeUndefined();
    expect(waiters()).toBe(0);
  });

  it.each([
    ['all tasks are over', async (client: HttpClient) => [await start(client, 'echo', { value: 'x' })], 1],
    ['no task is granted', async () => ['unknown'], 0],
    ['no task is named', async () => [], 0],
  ])('ends at once when %s', async (_when, idsOf, snapshots) => {
    const client = connect(serve());
    const ids = await idsOf(client);
    for (const id of ids) {
      if (snapshots > 0) await eventually(() => shown(client, id)).toMatchObject({ status: 'completed' });
    }
    const reply = await client.request('subscriptions/listen', { notifications: { taskIds: ids } });
    expect(reply.result).toMatchObject({ resultType: 'complete' });
    expect(reply.before.map((message) => message['method'])).toEqual([
      ACKNOWLEDGED,
      ...Array<string>(snapshots).fill('notifications/tasks'),
    ]);
  });

  it('keeps other notifications going beside the tasks, and after them', async () => {
    const handler = serve();
    const client = connect(handler);
    const taskId = await start(client, 'hold');
    const stream = await listen(client, [taskId], { toolsListChanged: true, promptsListChanged: true });
    expect((await next(stream)).params['notifications']).toEqual({ toolsListChanged: true, taskIds: [taskId] });
    expect(await next(stream)).toMatchObject({ params: { status: 'working' } });
    handler.notify.toolsChanged();
    expect(await next(stream)).toMatchObject({ method: 'notifications/tools/list_changed' });
    tools.release();
    expect(await next(stream)).toMatchObject({ params: { taskId, status: 'completed' } });
    handler.notify.toolsChanged();
    expect(await next(stream)).toMatchObject({ method: 'notifications/tools/list_changed' });
    await handler.close();
    expect(await next(stream)).toMatchObject({ result: { resultType: 'complete' } });
    expect(await stream.next()).toBeUndefined();
  });

  it('leaves a listen without taskIds to the SDK', async () => {
    const handler = serve();
    const stream = await connect(handler).open('subscriptions/listen', { notifications: { toolsListChanged: true } });
    expect((await next(stream)).params['notifications']).toEqual({ toolsListChanged: true });
    handler.notify.toolsChanged();
    expect(await next(stream)).toMatchObject({ method: 'notifications/tools/list_changed' });
    await stream.leave();
  });

  it('refuses a client that does not declare the extension before it looks at any task', async () => {
    const reads: string[] = [];
    tools = createTestTools({ store: noting(memoryStore(), reads) });
    const handler = serve();
    for (const capabilities of [{}, { tasks: {} }, { extensions: { 'io.example/other': {} } }]) {
      const client = connect(handler, 'alice', capabilities);
      const reply = await client.request('subscriptions/listen', { notifications: { taskIds: ['unknown'] } });
      expect(reply).toMatchObject({
        status: 400,
        error: {
          code: -32021,
          data: { requiredCapabilities: { extensions: { 'io.modelcontextprotocol/tasks': {} } } },
        },
      });
    }
    expect(reads).toEqual([]);
  });

  it.each([
    ['a string', 'abc', /array of strings/],
    ['null', null, /array of strings/],
    ['numbers', [1], /array of strings/],
    [
      'too many ids',
      Array.from({ length: MAX_TASK_IDS_PER_LISTEN + 1 }, (_, index) => `task ${index}`),
      /at most 256 tasks/,
    ],
  ])('refuses %s as taskIds, naming the field', async (_what, taskIds, says) => {
    const reply = await connect(serve()).request('subscriptions/listen', {
      notifications: { taskIds: taskIds as string[] },
    });
    expect(reply.error?.code).toBe(-32602);
    expect(reply.error?.message).toMatch(/notifications\.taskIds/);
    expect(reply.error?.message).toMatch(says);
    expect(reply.before).toEqual([]);
  });

  it('refuses an id of more than 256 bytes, since every notification would carry it', async () => {
    const client = connect(serve());
    const taskIds = [await start(client, 'hold')];
    const opened = async (id: string) => {
      const { message, headers } = client.compose('subscriptions/listen', { notifications: { taskIds } });
      return readStream(await client.post({ ...message, id }, { headers }));
    };
    const refused = await (await opened('é'.repeat(128) + 'x')).next();
    expect(refused).toMatchObject({ error: { code: -32602, data: { field: 'id' } } });
    const stream = await opened('é'.repeat(128));
    expect(await next(stream)).toMatchObject({ method: ACKNOWLEDGED });
    await stream.leave();
  });

  it('leaves what the SDK refuses to the SDK', async () => {
    const client = connect(serve());
    const { message, headers } = client.compose('subscriptions/listen', { notifications: { taskIds: ['x'] } });
    const wrongVersion = await client.post(message, { headers: { ...headers, 'mcp-protocol-version': '2025-11-25' } });
    expect(wrongVersion.status).toBe(400);
    const noEnvelope = { ...message, params: { notifications: { taskIds: ['x'] } } };
    expect((await client.post(noEnvelope, { headers })).status).toBe(400);
    expect((await client.post('{"cut', { headers })).status).toBe(400);
    const wrongFilter = await client.request('subscriptions/listen', {
      notifications: { taskIds: ['x'], toolsListChanged: 'yes' },
    });
    expect(wrongFilter.error?.code).toBe(-32602);
  });

  it('takes a body that somebody parsed before', async () => {
    const client = connect(serve());
    const taskId = await start(client, 'hold');
    const { message, headers } = client.compose('subscriptions/listen', { notifications: { taskIds: [taskId] } });
    const response = await client.post('', { headers, parsedBody: message });
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader?.read())?.value).toContain(`"taskIds":["${taskId}"]`);
    await reader?.cancel();
  });

  it('reads no more of a body than the handler', async () => {
    const client = connect(serve({ maxRequestBodySize: 2_000 }));
    const reply = await client.request('subscriptions/listen', { notifications: { taskIds: ['x'.repeat(2_000)] } });
    expect(reply.status).toBe(413);
  });

  it.each([
    ['closes its stream', (stream: HttpStream) => stream.leave()],
    [
      'aborts its request',
      async (_stream: HttpStream, abort: AbortController) => {
        abort.abort();
      },
    ],
  ])('forgets a client that %s', async (_how, leave) => {
    const client = connect(serve());
    const ids = [await start(client, 'hold'), await start(client, 'hold')];
    // A run that has begun waits for the end of its task too.
    const before = 2;
    await eventually(waiters).toBe(before);
    const abort = new AbortController();
    const stream = await listen(client, ids, { toolsListChanged: true }, abort.signal);
    const tasksOnly = await listen(client, ids, {}, abort.signal);
    await next(stream);
    await next(tasksOnly);
    expect(waiters()).toBe(before + 4);
    await leave(stream, abort);
    await leave(tasksOnly, abort);
    await eventually(waiters).toBe(before);
  });

  it('ends its streams with their result when the handler is closed', async () => {
    const handler = serve();
    const client = connect(handler);
    const stream = await listen(client, [await start(client, 'hold')]);
    await next(stream);
    await next(stream);
    await handler.close();
    expect(await next(stream)).toMatchObject({ result: { resultType: 'complete' } });
    expect(await stream.next()).toBeUndefined();
  });

  it('ends its streams with their result when the application is closed', async () => {
    const faults: unknown[] = [];
    const client = connect(serve({}, { onerror: (error) => faults.push(error) }));
    const stream = await listen(client, [await start(client, 'hold'), await start(client, 'asks')]);
    await next(stream);
    await apps[0]?.close({ drainMs: 0 });
    const rest: Message[] = [];
    for (let message = await stream.next(); message !== undefined; message = await stream.next()) {
      rest.push(message as Message);
    }
    expect(rest.at(-1)).toMatchObject({ result: { resultType: 'complete' } });
    expect(new Set(rest.slice(0, -1).map(({ method }) => method))).toEqual(new Set(['notifications/tasks']));
    expect(faults).toEqual([]);
  });

  it('refuses one stream more than it is told to keep open', async () => {
    const client = connect(serve({ maxSubscriptions: 1 }));
    const ids = [await start(client, 'hold')];
    const stream = await listen(client, ids);
    await next(stream);
    const reply = await client.request('subscriptions/listen', { notifications: { taskIds: ids } });
    expect(reply).toMatchObject({ status: 200, error: { code: -32603, message: 'Subscription limit reached' } });
    await stream.leave();
    const again = await listen(client, ids);
    expect(await next(again)).toMatchObject({ method: ACKNOWLEDGED });
    await again.leave();
  });

  it('[SEC-07] serves a caller without an owner as a server without tasks does', async () => {
    const client = new HttpClient(serve({}, { onWarning: () => undefined }), { generation: '2026-07-28' });
    const reply = await client.request('subscriptions/listen', { notifications: { taskIds: ['x'] } });
    expect(reply.before.map(({ params }) => (params as JsonObject)['notifications'])).toEqual([{}]);
    expect(reply.result).toMatchObject({ resultType: 'complete' });
  });

  it('answers -32603 without the words of a store that fails', async () => {
    const faults: unknown[] = [];
    const store = memoryStore();
    const failure = new TaskError('STORE_CORRUPT_RECORD', 'secret words of the driver');
    tools = createTestTools({ store: new Proxy(store, { get: failing(store, failure) }) });
    const client = connect(serve({}, { onerror: (error) => faults.push(error) }));
    const reply = await client.request('subscriptions/listen', { notifications: { taskIds: ['x'] } });
    expect(reply.error).toEqual({ code: -32603, message: 'Internal error', data: { code: 'STORE_CORRUPT_RECORD' } });
    expect(faults).toEqual([failure]);
  });
});

/** A message without one key of its `_meta`. */
function withoutMeta({ _meta, ...fields }: JsonObject, key: string): JsonObject {
  const left = Object.entries(_meta as JsonObject).filter(([name]) => name !== key);
  return left.length === 0 ? fields : { ...fields, _meta: Object.fromEntries(left) };
}

/** A store that notes its reads of tasks. */
function noting(store: TaskStore, reads: string[]): TaskStore {
  const get: TaskStore['get'] = (input) => {
    reads.push(...input.taskIds);
    return store.get(input);
  };
  return new Proxy(store, {
    get(target, name) {
      const member: unknown = name === 'get' ? get : Reflect.get(target, name);
      return typeof member === 'function' ? (member.bind(target) as unknown) : member;
    },
  });
}

/** A store that cannot read tasks. */
function failing(store: TaskStore, failure: Error): (target: TaskStore, name: string | symbol) => unknown {
  return (target, name) => {
    if (name === 'get') return () => Promise.reject(failure);
    const member: unknown = Reflect.get(target, name);
    return typeof member === 'function' ? (member.bind(store) as unknown) : member;
  };
}
