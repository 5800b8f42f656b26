import { PassThrough } from 'node:stream';
import { inspect } from '@mcp-tasks/runner/testing';
import { CLIENT_CAPABILITIES_META_KEY, type JsonObject } from '@mcp-tasks/wire';
import { InMemoryTransport, type JSONRPCRequest, McpServer, type McpServerFactory } from '@modelcontextprotocol/server';
import { StdioServerTransport } from '@modelcontextprotocol/server/stdio';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { serveTasks, type StdioConnection, type TaskApp } from '../../src/index.ts';
import { TASK_CAPABILITIES } from '../support/http-client.ts';
import { createTestTools, type TestTools } from '../support/test-tools.ts';

/** A condition is awaited; the deadline is for what never comes. */
const eventually = <Value>(look: () => Value) => expect.poll(look, { timeout: 20_000 });

const SUBSCRIPTION = 'io.modelcontextprotocol/subscriptionId';
const ACKNOWLEDGED = 'notifications/subscriptions/acknowledged';

type Id = string | number;

/** A client that writes and reads the lines of a stdio server. */
class LineClient {
  readonly stdin = new PassThrough();
  readonly stdout = new PassThrough();
  readonly messages: JsonObject[] = [];

  constructor() {
    let rest = '';
    this.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      this.messages.push(...lines.map((line) => JSON.parse(line) as JsonObject));
    });
  }

  /** Send a 2026-07-28 request. */
  send(id: Id, method: string, params: JsonObject, capabilities: JsonObject = TASK_CAPABILITIES): void {
    this.#write({ ...this.compose(id, method, params, capabilities) });
  }

  /** A 2026-07-28 request as it would be sent. */
  compose(
    id: Id,
    method: string,
    params: JsonObject,
    capabilities: JsonObject = TASK_CAPABILITIES,
  ): JSONRPCRequest & JsonObject {
    const _meta = {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientInfo': { name: 'raw', version: '0' },
      [CLIENT_CAPABILITIES_META_KEY]: capabilities,
    };
    return { jsonrpc: '2.0', id, method, params: { ...params, _meta } };
  }

  notify(method: string, params: JsonObject): void {
    this.#write({ jsonrpc: '2.0', method, params });
  }

  async request(id: Id, method: string, params: JsonObject): Promise<JsonObject> {
    this.send(id, method, params);
    return (await this.answer(id))['result'] as JsonObject;
  }

  async answer(id: Id): Promise<JsonObject> {
    const find = () => this.messages.find((message) => message['id'] === id && !('method' in message));
    await eventually(find).toBeDefined();
    return { ...find() };
  }

  /** The messages of one subscription, its answer included, in their order. */
  of(id: Id): JsonObject[] {
    return this.messages.filter((message) => {
      const content = (message['params'] ?? message['result']) as JsonObject | undefined;
      return (content?.['_meta'] as JsonObject | undefined)?.[SUBSCRIPTION] === id;
    });
  }

  async reaches(id: Id, count: number): Promise<JsonObject[]> {
    await eventually(() => this.of(id).length).toBeGreaterThanOrEqual(count);
    return this.of(id);
  }

  #write(message: JsonObject): void {
    this.stdin.write(`${JSON.stringify(message)}\n`);
  }
}

describe('[INTG-10] subscriptions/listen with taskIds over stdio', () => {
  let tools: TestTools;
  let client: LineClient;
  let app: TaskApp;
  let connection: StdioConnection;
  const servers: McpServer[] = [];

  beforeEach(() => {
    tools = createTestTools({ limits: { maxListenStreams: 1_000 } });
    client = new LineClient();
    const factory: McpServerFactory = () => {
      const server = new McpServer({ name: 'test', version: '0' });
      servers.push(server);
      return server;
    };
    app = serveTasks(tools.tasks, factory as () => McpServer);
    connection = app.stdio({
      transport: new StdioServerTransport(client.stdin, client.stdout),
    });
  });
  afterEach(async () => {
    await app.close({ drainMs: 0 });
    expect(waiters(), 'waiters that stay behind').toBe(0);
  });

  const waiters = () => inspect(tools.tasks).waiters;
  /** A run that has begun waits for the end of its task too. */
  const waitersOfRun = async (): Promise<number> => {
    await eventually(waiters).toBe(1);
    return 1;
  };
  let lastId = 100;
  const start = async (name: string): Promise<string> =>
    (await client.request(++lastId, 'tools/call', { name, arguments: {} }))['taskId'] as string;
  const listen = (id: Id, taskIds: readonly string[], others: JsonObject = {}) => {
    client.send(id, 'subscriptions/listen', { notifications: { ...others, taskIds } });
  };
  const methodsOf = (messages: readonly JsonObject[]) => messages.map(({ method }) => method ?? 'answer');

  it('acknowledges with the tasks that exist, carries them as tasks/get shows them, and ends with its result', async () => {
    const taskId = await start('hold');
    listen('sub', ['unknown', taskId]);
    const [acknowledgement, snapshot] = await client.reaches('sub', 2);
    expect(acknowledgement).toMatchObject({ method: ACKNOWLEDGED, params: { notifications: { taskIds: [taskId] } } });
    expect(snapshot).toMatchObject({ method: 'notifications/tasks', params: { taskId, status: 'working' } });
    tools.release();
    const messages = await client.reaches('sub', 4);
    expect(methodsOf(messages)).toEqual([ACKNOWLEDGED, 'notifications/tasks', 'notifications/tasks', 'answer']);
    const { resultType, _meta, ...task } = await client.request(1, 'tasks/get', { taskId });
    expect(resultType).toBe('complete');
    expect(messages[2]?.['params']).toEqual({ ...task, _meta: { [SUBSCRIPTION]: 'sub' } });
    const { 'io.modelcontextprotocol/serverInfo': serverInfo } = _meta as JsonObject;
    expect(messages[3]).toEqual({
      jsonrpc: '2.0',
      id: 'sub',
      result: {
        resultType: 'complete',
        _meta: { [SUBSCRIPTION]: 'sub', 'io.modelcontextprotocol/serverInfo': serverInfo },
      },
    });
    expect(waiters()).toBe(0);
  });

  it('may be the first thing that a client sends', async () => {
    listen(0, ['unknown']);
    expect(methodsOf(await client.reaches(0, 2))).toEqual([ACKNOWLEDGED, 'answer']);
  });

  it('keeps subscriptions apart, also those of ids that look alike', async () => {
    const taskIds = [await start('hold')];
    for (const id of [7, '7']) listen(id, taskIds);
    for (const id of [7, '7']) {
      expect(methodsOf(await client.reaches(id, 2))).toEqual([ACKNOWLEDGED, 'notifications/tasks']);
    }
    client.notify('notifications/cancelled', { requestId: 7 });
    tools.release();
    const messages = await client.reaches('7', 4);
    expect(methodsOf(messages)).toEqual([ACKNOWLEDGED, 'notifications/tasks', 'notifications/tasks', 'answer']);
    expect(client.of(7)).toHaveLength(2);
  });

  it('sends nothing more once the client has cancelled it', async () => {
    const taskIds = [await start('hold')];
    const before = await waitersOfRun();
    listen(1, taskIds);
    await client.reaches(1, 2);
    expect(waiters()).toBe(before + 1);
    client.notify('notifications/cancelled', { requestId: 1 });
    await eventually(waiters).toBe(before);
    tools.release();
    await expect
      .poll(async () => (await client.request(++lastId, 'tasks/get', { taskId: taskIds[0] }))['status'])
      .toBe('completed');
    expect(client.of(1)).toHaveLength(2);
  });

  it('sends nothing at all when the client has cancelled it before it began', async () => {
    const taskIds = [await start('hold')];
    const before = await waitersOfRun();
    listen(1, taskIds);
    client.notify('notifications/cancelled', { requestId: 1 });
    listen(2, taskIds);
    await client.reaches(2, 2);
    expect(client.of(1)).toEqual([]);
    expect(waiters()).toBe(before + 1);
  });

  it('keeps other notifications going beside the tasks, and after them', async () => {
    const taskIds = [await start('hold')];
    listen(1, taskIds, { toolsListChanged: true });
    const [acknowledgement] = await client.reaches(1, 2);
    expect(acknowledgement?.['params']).toMatchObject({ notifications: { toolsListChanged: true, taskIds } });
    tools.release();
    await client.reaches(1, 3);
    await servers.at(-1)?.server.sendToolListChanged();
    const messages = await client.reaches(1, 4);
    expect(methodsOf(messages.slice(2))).toEqual(['notifications/tasks', 'notifications/tools/list_changed']);
    await connection.close();
    expect(methodsOf(await client.reaches(1, 5)).at(-1)).toBe('answer');
  });

  it('leaves a listen without taskIds to the SDK', async () => {
    client.send(1, 'subscriptions/listen', { notifications: { toolsListChanged: true } });
    const [acknowledgement] = await client.reaches(1, 1);
    expect(acknowledgement?.['params']).toMatchObject({ notifications: { toolsListChanged: true } });
    await servers.at(-1)?.server.sendToolListChanged();
    expect(methodsOf(await client.reaches(1, 2))).toEqual([ACKNOWLEDGED, 'notifications/tools/list_changed']);
  });

  it.each([
    ['a client that does not declare the extension', ['x'], {}, -32021],
    ['taskIds that are no ids', 'x', TASK_CAPABILITIES, -32602],
    ['too many ids', Array.from({ length: 257 }, (_, index) => String(index)), TASK_CAPABILITIES, -32602],
  ])('refuses %s', async (_what, taskIds, capabilities, code) => {
    client.send(1, 'subscriptions/listen', { notifications: { taskIds: taskIds as string[] } }, capabilities);
    const { error } = await client.answer(1);
    expect(error).toMatchObject({ code });
    expect(client.of(1)).toEqual([]);
    expect(waiters()).toBe(0);
  });

  it('leaves what the SDK refuses to the SDK', async () => {
    client.send(1, 'subscriptions/listen', { notifications: { taskIds: ['x'], toolsListChanged: 'yes' } });
    expect((await client.answer(1))['error']).toMatchObject({ code: -32602 });
    expect(waiters()).toBe(0);
  });

  it('frees its place with the SDK when it has ended or was refused', async () => {
    // The SDK keeps 1,024 places on a connection; each round takes 800 of them.
    for (const round of [1, 2]) {
      for (let count = 0; count < 400; count += 1) {
        listen(`granted ${round} ${count}`, ['unknown']);
        client.send(`refused ${round} ${count}`, 'subscriptions/listen', { notifications: { taskIds: ['x'] } }, {});
      }
      expect((await client.answer(`granted ${round} 399`))['result']).toMatchObject({ resultType: 'complete' });
      expect((await client.answer(`refused ${round} 399`))['error']).toMatchObject({ code: -32021 });
    }
    const limited = client.messages.filter(({ error }) => (error as JsonObject | undefined)?.['code'] === -32603);
    expect(limited).toEqual([]);
  });

  it('says nothing of a client that is gone before its connection is seen to be closed', async () => {
    const [clientEnd, serverEnd] = InMemoryTransport.createLinkedPair();
    const errors: unknown[] = [];
    const leaving = serveTasks(tools.tasks, () => new McpServer({ name: 'test', version: '0' }), {
      onerror: (error) => errors.push(error),
    });
    let isGone = false;
    const send = serverEnd.send.bind(serverEnd);
    serverEnd.send = (message, options) => {
      const isOfTask = 'method' in message && message.method === 'notifications/tasks';
      isGone ||= isOfTask;
      return isGone ? Promise.reject(new TypeError('Not connected')) : send(message, options);
    };
    const stdio = leaving.stdio({ transport: serverEnd });
    const taskId = await start('hold');
    await clientEnd.start();
    await clientEnd.send(client.compose(1, 'subscriptions/listen', { notifications: { taskIds: [taskId] } }));
    await eventually(() => isGone).toBe(true);
    await stdio.close();
    expect(errors).toEqual([]);
  });

  it('ends with the connection', async () => {
    const taskIds = [await start('hold')];
    const before = await waitersOfRun();
    listen(1, taskIds);
    await client.reaches(1, 2);
    client.stdin.end();
    await connection.closed;
    expect(waiters()).toBe(before);
  });
});
