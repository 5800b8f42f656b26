import type { JsonObject } from '@mcp-tasks/wire';
import { type AuthInfo, createMcpHandler, type McpHttpHandler, McpServer } from '@modelcontextprotocol/server';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import {
  attach,
  serveTasks,
  type ServeTasksOptions,
  type TaskHttpOptions,
  withSessions,
  wrapHandler,
} from '../../src/index.ts';
import { HttpClient, readStream } from '../support/http-client.ts';
import { createTestTools, type TestTools } from '../support/test-tools.ts';

const user = (sub: string): AuthInfo => ({ token: sub, clientId: 'app', scopes: [], extra: { sub } });
const INITIALIZE = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'raw', version: '0' } };
const createServer = () => new McpServer({ name: 'test', version: '0' });
const postInitialize = { jsonrpc: '2.0', id: 1, method: 'initialize', params: INITIALIZE };

let tools: TestTools;

beforeEach(() => {
  tools = createTestTools();
});
afterEach(() => tools.tasks.close({ drainMs: 0 }));

function serve(httpOptions: TaskHttpOptions = {}, options: ServeTasksOptions = {}): McpHttpHandler {
  const app = serveTasks(tools.tasks, createServer, options);
  onTestFinished(() => app.close({ drainMs: 0 }));
  return app.http({ legacy: 'sessions', ...httpOptions });
}

/** Open a session. */
async function open(handler: McpHttpHandler, sub: string) {
  const caller = new HttpClient(handler, { generation: '2025-11-25', authInfo: user(sub) });
  const opened = await caller.post(postInitialize);
  const headers = { 'mcp-session-id': opened.headers.get('mcp-session-id') ?? '' };
  await opened.text();
  const as = (other: string) => new HttpClient(handler, { generation: '2025-11-25', authInfo: user(other), headers });
  const stream = (signal: AbortSignal) =>
    handler.fetch(
      new Request('http://localhost/mcp', { headers: { ...headers, accept: 'text/event-stream' }, signal }),
      { authInfo: user(sub) },
    );
  return { client: as(sub), as, stream };
}
type Session = Awaited<ReturnType<typeof open>>;
const isOpen = async ({ client }: Session) => (await client.request('tools/list')).status === 200;

describe('2025-11-25 sessions, as serveTasks keeps them', () => {
  it('have tasks, tell of them on their own streams, and share them with all that their owner has', async () => {
    const handler = serve();
    const session = await open(handler, 'alice');
    const stream = await readStream(await session.stream(new AbortController().signal));
    const created = await session.client.result('tools/call', { name: 'whoami', arguments: {}, task: {} });
    const { taskId } = created['task'] as { taskId: string };
    expect(await stream.next()).toMatchObject({ method: 'notifications/tasks/status', params: { taskId } });
    const modern = new HttpClient(handler, { generation: '2026-07-28', authInfo: user('alice') });
    expect(await modern.result('tasks/get', { taskId })).toMatchObject({ status: 'completed' });
    await stream.leave();
  });

  it('[SEC-02] belong to their opener', async () => {
    const session = await open(serve(), 'alice');
    const { status, error } = await session.as('bob').request('tools/list');
    expect([status, error]).toEqual([404, { code: -32_001, message: 'Session not found' }]);
    expect(await isOpen(session)).toBe(true);
  });

  it.each([
    ['an unknown session', { 'mcp-session-id': 'unknown' }, { jsonrpc: '2.0', id: 1, method: 'ping' }, 404, -32_001],
    ['no session', {}, { jsonrpc: '2.0', id: 1, method: 'ping' }, 400, -32_000],
    ['no JSON', {}, '{', 400, -32_700],
    ['an initialize without params', {}, { jsonrpc: '2.0', id: 1, method: 'initialize' }, 400, -32_000],
  ])('answer a request of %s with its status', async (_what, headers, body, status, code) => {
    const response = await new HttpClient(serve(), { generation: '2025-11-25' }).post(body, { headers });
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ error: { code }, id: null });
  });

  it('refuse a body that is too large', async () => {
    const client = new HttpClient(serve({ maxRequestBodySize: 100 }), { generation: '2025-11-25' });
    expect((await client.post(`"${'x'.repeat(200)}"`)).status).toBe(413);
  });

  it('are bounded: one more closes the oldest of the caller who has most', async () => {
    const handler = serve({ maxSessions: 3 });
    const bob = await open(handler, 'bob');
    const alice = [await open(handler, 'alice'), await open(handler, 'alice'), await open(handler, 'alice')];
    expect(await Promise.all([bob, ...alice].map(isOpen))).toEqual([true, false, true, true]);
    expect(() => serve({ maxSessions: 0 })).toThrow(
      new RangeError('app.http: maxSessions must be a whole number from 1, not 0.'),
    );
  });

  it('take a new stream at once after their client left the last one', async () => {
    const session = await open(serve(), 'alice');
    for (let n = 0; n < 3; n++) {
      const leaving = new AbortController();
      expect((await session.stream(leaving.signal)).status).toBe(200);
      leaving.abort();
      await new Promise(setImmediate);
    }
  });

  it('end with the server, and none begins then', async () => {
    const handler = serve();
    const session = await open(handler, 'alice');
    const stream = await readStream(await session.stream(new AbortController().signal));
    await handler.close();
    expect(await stream.next()).toBeUndefined();
    expect(await isOpen(session)).toBe(false);
    const late = new HttpClient(handler, { generation: '2025-11-25', authInfo: user('alice') });
    expect((await late.post(postInitialize)).status).toBe(503);
  });

  it('tell the author, and the client nothing, when a server or an owner cannot be had', async () => {
    const onerror = vi.fn();
    const fault = new TypeError('driver said 10.0.0.1');
    const throwing = () => {
      throw fault;
    };
    const app = serveTasks(tools.tasks, throwing, { onerror, owner: () => 'alice' });
    onTestFinished(() => app.close({ drainMs: 0 }));
    for (const handler of [app.http({ legacy: 'sessions' }), serve({}, { owner: throwing, onerror })]) {
      const response = await new HttpClient(handler, { generation: '2025-11-25' }).post(postInitialize);
      expect([response.status, await response.text()]).toEqual([500, expect.not.stringContaining('10.0.0.1')]);
    }
    expect(onerror.mock.calls).toEqual([[expect.objectContaining({ cause: fault })], [fault]]);
  });
});

it('withSessions gives sessions to a handler that an author makes', async () => {
  const factory = () => {
    const mcp = createServer();
    attach(tools.tasks, mcp);
    return mcp;
  };
  const modern = wrapHandler(tools.tasks, createMcpHandler(factory, { legacy: 'reject' }));
  const handler = withSessions(tools.tasks, modern, createServer, { maxSessions: 2 });
  const session = await open(handler, 'alice');
  const created = await session.client.result('tools/call', { name: 'hold', arguments: {}, task: {} });
  const { taskId } = created['task'] as { taskId: string };
  const client = new HttpClient(handler, { generation: '2026-07-28', authInfo: user('alice') });
  expect(await client.result('tasks/get', { taskId })).toMatchObject({ status: 'working' } satisfies JsonObject);
  tools.release();
  await handler.close();
});
