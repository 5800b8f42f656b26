import { CLIENT_CAPABILITIES_META_KEY, type JsonObject } from '@mcp-tasks/wire';
import { InMemoryTransport, McpServer } from '@modelcontextprotocol/server';
import { StdioServerTransport } from '@modelcontextprotocol/server/stdio';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { serveTasks, type ServeTasksOptions, type StdioConnection, type TaskApp, wrapTransport } from '../src/index.ts';
import { TASK_CAPABILITIES } from './support/http-client.ts';
import { PipeClient } from './support/pipe-client.ts';
import { createTestTools, type TestTools } from './support/test-tools.ts';

describe('stdio', () => {
  let tools: TestTools;
  let client: PipeClient;
  let app: TaskApp;
  let connection: StdioConnection;

  beforeEach(() => {
    tools = createTestTools();
    client = new PipeClient();
    serve();
  });
  afterEach(async () => {
    await app.close({ drainMs: 0 });
  });

  function serve(options: ServeTasksOptions = {}): void {
    app = serveTasks(tools.tasks, () => new McpServer({ name: 'test', version: '0' }), options);
    connection = app.stdio({ transport: new StdioServerTransport(client.stdin, client.stdout) });
  }
  const modern = (params: JsonObject): JsonObject => ({
    ...params,
    _meta: {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientInfo': { name: 'raw', version: '0' },
      [CLIENT_CAPABILITIES_META_KEY]: TASK_CAPABILITIES,
    },
  });
  const initialize = () =>
    client.request('initialize', {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 'raw', version: '0' },
    });

  it('[TEST-08] takes a 2025-11-25 client from a call to its result, as the local user', async () => {
    await initialize();
    const { task } = await client.request('tools/call', { name: 'whoami', arguments: {}, task: {} });
    const { taskId } = task as JsonObject;
    const result = await client.request('tasks/result', { taskId });
    expect(result['content']).toEqual([
      { type: 'text', text: expect.stringMatching(/^\["local",".+"\] task$/) as string },
    ]);
  });

  it('[TEST-08] takes a 2026-07-28 client from a call to its result', async () => {
    const { taskId } = await client.request('tools/call', modern({ name: 'echo', arguments: { value: 'x' } }));
    const get = () => client.request('tasks/get', modern({ taskId }));
    await expect.poll(get).toMatchObject({ status: 'completed', result: { content: [{ text: 'x' }] } });
  });

  it('opens with server/discover, and goes on in either generation', async () => {
    const { capabilities } = await client.request('server/discover', modern({}));
    expect(capabilities).toMatchObject({ extensions: { 'io.modelcontextprotocol/tasks': {} } });
    const initialized = await initialize();
    expect(initialized['capabilities']).toMatchObject({ tasks: { list: {} } });
    expect(initialized['capabilities']).not.toHaveProperty('extensions');
  });

  it('tells a 2026-07-28 client of its tasks on subscriptions/listen', async () => {
    const created = await client.request('tools/call', modern({ name: 'hold', arguments: {} }));
    const taskId = created['taskId'] as string;
    const params = modern({ notifications: { taskIds: [taskId] } });
    client.send({ jsonrpc: '2.0', id: 'l', method: 'subscriptions/listen', params });
    const told = () => client.received.filter(({ method }) => method === 'notifications/tasks');
    await expect.poll(() => told().length).toBeGreaterThan(0);
    tools.release();
    await expect.poll(() => told().at(-1)?.['params']).toMatchObject({ taskId, status: 'completed' });
  });

  it('writes nothing on stdout that is no message, whatever comes in', async () => {
    for (const line of [
      '{',
      '[]',
      '"text"',
      '{"jsonrpc":"1.0"}',
      `{"jsonrpc":"2.0","method":"x","params":${'['.repeat(1_000)}${']'.repeat(1_000)}}`,
    ]) {
      client.send(line);
    }
    await initialize();
    for (const message of client.received) expect(message['jsonrpc']).toBe('2.0');
  });

  it('says when the client has closed its end', async () => {
    await initialize();
    client.stdin.end();
    await connection.closed;
  });

  it('closes with the application', async () => {
    await initialize();
    await app.close();
    await connection.closed;
    await app.close();
  });

  it('refuses tasks to callers without an owner here too, if the author says so', async () => {
    await app.close();
    tools = createTestTools();
    client = new PipeClient();
    serve({ owner: () => undefined, onWarning: () => undefined });
    expect((await initialize())['capabilities']).toEqual({ tools: { listChanged: true } });
  });

  it('wraps a transport once', () => {
    const [, transport] = InMemoryTransport.createLinkedPair();
    const sends = () =>
      Object.getOwnPropertyDescriptor(wrapTransport(tools.tasks, transport), 'send')?.value as unknown;
    const once = sends();
    expect(once).toBeTypeOf('function');
    expect(sends()).toBe(once);
  });
});
