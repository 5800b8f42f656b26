import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type FakeClock, fakeClock, inspect } from '@mcp-tasks/runner/testing';
import type { JsonObject } from '@mcp-tasks/wire';
import { NodeStreamableHTTPServerTransport } from '@modelcontextprotocol/node';
import { type AuthInfo, McpServer, WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/server';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { attach, subjectClientSession, type TaskServerOptions } from '../../src/index.ts';
import { readStream } from '../support/http-client.ts';
import { createTestTools, type TestTools } from '../support/test-tools.ts';

/** Sends a request of a caller to the one session that there is. */
type Send = (request: Request, authInfo: AuthInfo | undefined) => Promise<Response>;

const TOKEN_LIFE_MS = 60_000;
const sessionIdGenerator = () => crypto.randomUUID();

let tools: TestTools;
let clock: FakeClock;
const closers: (() => unknown)[] = [];

beforeEach(() => {
  clock = fakeClock();
  tools = createTestTools({ clock });
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  await tools.tasks.close({ drainMs: 0 });
});

const user = (sub: string, more: Partial<AuthInfo> = {}): AuthInfo => ({
  token: sub,
  clientId: 'app',
  scopes: [],
  extra: { sub },
  ...more,
});
const shortLived = (sub: string) => user(sub, { expiresAt: (clock.nowMs() + TOKEN_LIFE_MS) / 1_000 });

function webSession(mcp: McpServer): Promise<Send> {
  const transport = new WebStandardStreamableHTTPServerTransport({ sessionIdGenerator });
  closers.push(() => transport.close());
  const send: Send = (request, authInfo) => transport.handleRequest(request, authInfo && { authInfo });
  return mcp.connect(transport).then(() => send);
}

async function nodeSession(mcp: McpServer): Promise<Send> {
  const transport = new NodeStreamableHTTPServerTransport({ sessionIdGenerator });
  await mcp.connect(transport);
  const callers = new Map<string, AuthInfo | undefined>();
  const listener = createServer((request: IncomingMessage & { auth?: AuthInfo }, response) => {
    const auth = callers.get(String(request.headers['x-caller']));
    if (auth !== undefined) request.auth = auth;
    void transport.handleRequest(request, response);
  }).listen(0, '127.0.0.1');
  await once(listener, 'listening');
  closers.push(async () => {
    await transport.close();
    listener.closeAllConnections();
    await new Promise((resolve) => listener.close(resolve));
  });
  const { port } = listener.address() as AddressInfo;
  return async (request, authInfo) => {
    const caller = crypto.randomUUID();
    callers.set(caller, authInfo);
    const { method, signal } = request;
    const headers = new Headers(request.headers);
    headers.set('x-caller', caller);
    const body = method === 'POST' ? await request.text() : null;
    return fetch(`http://127.0.0.1:${port}/mcp`, { method, headers, body, signal });
  };
}

describe.each([
  ['the web', webSession],
  ['Node', nodeSession],
])('a session of the SDK transport for %s', (_what, connect) => {
  /** Open a session, as alice unless something else is said. */
  async function open(options: TaskServerOptions = {}, opener: AuthInfo | undefined = user('alice')) {
    const mcp = new McpServer({ name: 'test', version: '0' });
    attach(tools.tasks, mcp, { onWarning: () => undefined, ...options });
    const send = await connect(mcp);
    const request = (method: 'POST' | 'GET' | 'DELETE', sessionId: string | undefined, message?: JsonObject) =>
      new Request('http://localhost/mcp', {
        method,
        headers: {
          'content-type': 'application/json',
          accept: method === 'GET' ? 'text/event-stream' : 'application/json, text/event-stream',
          'mcp-protocol-version': '2025-11-25',
          ...(sessionId !== undefined && { 'mcp-session-id': sessionId }),
        },
        ...(message !== undefined && { body: JSON.stringify({ jsonrpc: '2.0', ...message }) }),
      });
    const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'raw', version: '0' } };
    const opened = await send(request('POST', undefined, { id: 0, method: 'initialize', params }), opener);
    const sessionId = opened.headers.get('mcp-session-id') ?? '';
    await opened.text();
    let lastId = 0;
    const post = (message: JsonObject, caller = opener, id = sessionId) => send(request('POST', id, message), caller);
    return {
      post,
      /** The answer to a request. */
      ask: async (method: string, params: JsonObject = {}, caller = opener) => {
        const stream = await readStream(await post({ id: ++lastId, method, params }, caller));
        for (;;) {
          const message = await stream.next();
          if (message === undefined || !('method' in message)) return { status: stream.status, ...message };
        }
      },
      get: (caller = opener, id = sessionId) => send(request('GET', id), caller),
      remove: (caller = opener, id = sessionId) => send(request('DELETE', id), caller),
    };
  }
  type Session = Awaited<ReturnType<typeof open>>;
  const told = async (answer: Promise<Response>) => {
    const response = await answer;
    return [response.status, await response.text()];
  };

  it('[SEC-02] [BOUN-05] looks to another caller as one that does not exist, whatever is asked of it', async () => {
    const session = await open();
    const requests: readonly ((session: Session, caller: AuthInfo, id?: string) => Promise<Response>)[] = [
      (to, caller, id) => to.post({ id: 1, method: 'tools/list' }, caller, id),
      (to, caller, id) => to.post({ id: 1, method: 'tasks/list' }, caller, id),
      (to, caller, id) => to.post({ method: 'notifications/cancelled', params: { requestId: 1 } }, caller, id),
      (to, caller, id) => to.post({ id: 'x', result: {} }, caller, id),
      (to, caller, id) => to.get(caller, id),
      (to, caller, id) => to.remove(caller, id),
    ];
    for (const request of requests) {
      const unknown = await told(request(session, user('alice'), 'unknown'));
      expect(unknown[0]).toBe(404);
      for (const other of [
        user('bob'),
        user('', { extra: {} }),
        user('alice', { extra: { sub: 'alice', iss: 'x' } }),
      ]) {
        expect(await told(request(session, other))).toEqual(unknown);
      }
      expect(await told(request(session, user('alice'), 'unknown'))).toEqual(unknown);
    }
    expect(await session.ask('tools/list')).toMatchObject({ status: 200, result: {} });
  });

  it('[SEC-02] [BOUN-05] keeps its answers from another caller who sends a request with the same id', async () => {
    const session = await open();
    const message = { id: 7, method: 'tools/call', params: { name: 'hold', arguments: {} } };
    const waiting = await readStream(await session.post(message));
    await expect.poll(() => tools.runs).toEqual(['hold']);
    expect((await session.post(message, user('bob'))).status).toBe(404);
    await session.post({ method: 'notifications/cancelled', params: { requestId: 7 } }, user('bob'));
    tools.release();
    expect(await waiting.next()).toMatchObject({ id: 7, result: { content: [{ text: 'released' }] } });
    expect(tools.signals[0]?.aborted).toBe(false);
  });

  it('is served to its opener with a new token too', async () => {
    const session = await open();
    expect(await session.ask('tasks/list', {}, user('alice', { token: 'new' }))).toMatchObject({
      result: { tasks: [] },
    });
  });

  it('is told apart by the OAuth client of callers without an owner', async () => {
    const client = (clientId: string) => user('', { clientId, extra: {} });
    const session = await open({}, client('one'));
    expect((await session.ask('tools/list', {}, client('one'))).status).toBe(200);
    expect((await session.ask('tools/list', {}, client('other'))).status).toBe(404);
  });

  it('[SEC-01] may be the owner of its tasks', async () => {
    const session = await open({ owner: subjectClientSession }, undefined);
    expect(await session.ask('tasks/list')).toMatchObject({ status: 200, result: { tasks: [] } });
  });

  it('tells of an owner that cannot be found out, and serves nothing then', async () => {
    const onerror = vi.fn();
    const failing = { fails: false };
    const fault = new TypeError('the directory is down');
    const owner = () => {
      if (failing.fails) throw fault;
      return 'alice';
    };
    const session = await open({ owner, onerror });
    failing.fails = true;
    expect(await told(session.get())).toEqual([500, expect.not.stringContaining('directory')]);
    expect(onerror).toHaveBeenCalledExactlyOnceWith(fault);
  });

  it('[BOUN-05] ends its own stream when the token of its request expires; a new token opens another', async () => {
    const session = await open();
    const timers = clock.timers;
    const stream = await readStream(await session.get(shortLived('alice')));
    await clock.advance(TOKEN_LIFE_MS - 1);
    expect(clock.timers).toBe(timers + 1);
    await clock.advance(1);
    expect(await stream.next()).toBeUndefined();
    await expect.poll(async () => (await session.get(shortLived('alice'))).status).toBe(200);
  });

  it('keeps no timer for a stream that its client has left', async () => {
    const session = await open();
    const timers = clock.timers;
    const stream = await readStream(await session.get(shortLived('alice')));
    await expect.poll(() => clock.timers).toBe(timers + 1);
    await stream.leave();
    await expect.poll(() => clock.timers).toBe(timers);
  });

  it('[BOUN-05] ends tasks/result with an error when its token expires, and the task goes on', async () => {
    const session = await open();
    const created = await session.ask('tools/call', { name: 'hold', arguments: {}, task: {} });
    const { taskId } = (created as unknown as { result: { task: { taskId: string } } }).result.task;
    // The run, and what tells the session of its task.
    const waiters = 2;
    await expect.poll(() => inspect(tools.tasks).waiters).toBe(waiters);
    const waiting = session.ask('tasks/result', { taskId }, shortLived('alice'));
    await expect.poll(() => inspect(tools.tasks).waiters).toBeGreaterThan(waiters);
    await clock.advance(TOKEN_LIFE_MS);
    expect(await waiting).toMatchObject({ error: { code: -32602, data: { code: 'AUTH_EXPIRED' } } });
    expect(inspect(tools.tasks).waiters).toBe(waiters);
    const again = session.ask('tasks/result', { taskId });
    tools.release();
    expect(await again).toMatchObject({ result: { content: [{ text: 'released' }] } });
  });
});
