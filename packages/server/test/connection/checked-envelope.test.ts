import type { Tasks } from '@mcp-tasks/runner';
import { CLIENT_CAPABILITIES_META_KEY, type JsonObject } from '@mcp-tasks/wire';
import { InMemoryTransport, McpServer } from '@modelcontextprotocol/server';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { serveTasks, type TaskApp } from '../../src/index.ts';
import { WireClient } from '../../src/testing/wire-client.ts';
import { TASK_CAPABILITIES } from '../support/http-client.ts';
import { createTestTools } from '../support/test-tools.ts';

const VERSION = 'io.modelcontextprotocol/protocolVersion';
const VARIABLES = 'io.github.mcp-tasks/variables';
const ENVELOPE: JsonObject = {
  [VERSION]: '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'raw', version: '0' },
  [CLIENT_CAPABILITIES_META_KEY]: TASK_CAPABILITIES,
};
const SIGNED = {
  resultType: 'complete',
  _meta: { 'io.modelcontextprotocol/serverInfo': { name: 'test', version: '0' } },
};

describe('the task methods on a connection of 2026-07-28', () => {
  let tasks: Tasks;
  let app: TaskApp;
  let client: WireClient;
  let taskId: string;
  /** The methods of the requests that the SDK gets. */
  const handled: string[] = [];

  beforeEach(async () => {
    ({ tasks } = createTestTools());
    app = serveTasks(tasks, watchedServer, { owner: () => 'alice' });
    const [clientEnd, serverEnd] = InMemoryTransport.createLinkedPair();
    app.stdio({ transport: serverEnd });
    client = new WireClient(clientEnd, () => Promise.reject(new TypeError('asks nothing')));
    await client.open();
    const created = await client.request('tools/call', { name: 'publishes', arguments: {}, _meta: ENVELOPE });
    taskId = created['taskId'] as string;
    const signal = AbortSignal.timeout(10_000);
    await tasks.for('alice').waitFor(taskId, ({ status }) => status === 'completed', { signal });
    handled.length = 0;
  });
  afterEach(async () => {
    await app.close({ drainMs: 0 });
  });

  function watchedServer(): McpServer {
    const mcp = new McpServer({ name: 'test', version: '0' });
    // Called once for each request that passes the SDK's checks.
    const server = mcp.server as unknown as { buildContext(context: { mcpReq: { method: string } }): unknown };
    const buildContext = server.buildContext.bind(server);
    vi.spyOn(server, 'buildContext').mockImplementation((context, ...more) => {
      handled.push(context.mcpReq.method);
      return buildContext(context, ...more);
    });
    return mcp;
  }
  const request = (method: string, envelope: JsonObject, params: JsonObject = {}) =>
    client.request(method, { taskId, ...params, _meta: envelope });
  const get = (envelope: JsonObject) => request('tasks/get', envelope);

  it('go through the SDK once for each envelope, and are answered alike without it', async () => {
    const first = await get(ENVELOPE);
    expect(await get(ENVELOPE)).toEqual(first);
    expect(first).toMatchObject({ ...SIGNED, status: 'completed' });
    expect(first['_meta']).toMatchObject({ [VARIABLES]: { shown: { a: 1 } } });
    expect(handled).toEqual(['tasks/get']);
    for (let n = 0; n < 2; n++) {
      expect(await request('tasks/update', ENVELOPE, { inputResponses: {} })).toEqual(SIGNED);
      expect(await request('tasks/cancel', ENVELOPE)).toEqual(SIGNED);
      expect(await get({ ...ENVELOPE, traceparent: '00-0' })).toEqual(first);
    }
    expect(handled).toEqual(['tasks/get', 'tasks/get', 'tasks/update', 'tasks/get']);
  });

  it('refuse an envelope that is missing or wrong, also after one that was right', async () => {
    const withoutVersion = Object.fromEntries(Object.entries(ENVELOPE).filter(([key]) => key !== VERSION));
    await get(ENVELOPE);
    for (const wrong of [{}, withoutVersion, { ...ENVELOPE, [CLIENT_CAPABILITIES_META_KEY]: 'all' }]) {
      await expect(get(wrong)).rejects.toMatchObject({
        code: -32602,
        message: expect.stringContaining('envelope') as string,
      });
      await expect(get(wrong)).rejects.toMatchObject({
        code: -32602,
        message: expect.stringContaining('envelope') as string,
      });
    }
    expect(handled).toEqual(['tasks/get']);
  });

  it('refuse a request that no longer declares the extension, however often it comes', async () => {
    const undeclared = { ...ENVELOPE, [CLIENT_CAPABILITIES_META_KEY]: {} };
    await get(ENVELOPE);
    for (let n = 0; n < 2; n++) await expect(get(undeclared)).rejects.toMatchObject({ code: -32021 });
    expect(await get(ENVELOPE)).toMatchObject({ status: 'completed' });
  });

  it('learn nothing of the envelope from an error', async () => {
    for (let n = 0; n < 2; n++) {
      await expect(request('tasks/get', ENVELOPE, { taskId: 'none' })).rejects.toMatchObject({ code: -32602 });
    }
    expect(handled).toEqual(['tasks/get', 'tasks/get']);
  });

  it('are answered with errors alike without the SDK', async () => {
    const unknown = () => request('tasks/get', ENVELOPE, { taskId: 'none' }).catch((error: unknown) => error);
    const through = await unknown();
    await get(ENVELOPE);
    expect(await unknown()).toEqual(through);
    expect(handled).toEqual(['tasks/get', 'tasks/get']);
  });
});
