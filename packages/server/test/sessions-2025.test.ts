import { inspect } from '@mcp-tasks/runner/testing';
import type { JsonObject } from '@mcp-tasks/wire';
import { InMemoryTransport, McpServer, WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/server';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { attach, subjectClientSession, type TaskServerOptions } from '../src/index.ts';
import { HttpClient, type HttpStream, readStream } from './support/http-client.ts';
import { createTestTools, type TestTools } from './support/test-tools.ts';

const RELATED = 'io.modelcontextprotocol/related-task';

/** One client with a session of its own. */
interface Session {
  readonly client: HttpClient;
  readonly transport: WebStandardStreamableHTTPServerTransport;
  /** The stream on which the server sends what nobody asked for. */
  openGetStream(): Promise<HttpStream>;
}

describe('2025-11-25 over HTTP with sessions', () => {
  let tools: TestTools;
  const sessions: Session[] = [];

  beforeEach(() => {
    tools = createTestTools({ limits: { pollIntervalMs: 50 } });
  });
  afterEach(async () => {
    for (const { transport } of sessions.splice(0)) await transport.close();
    await tools.tasks.close({ drainMs: 0 });
  });

  async function open(
    options: TaskServerOptions = { owner: () => 'alice' },
    capabilities: JsonObject = { elicitation: {}, sampling: {} },
  ): Promise<Session> {
    const mcp = new McpServer({ name: 'test', version: '0' });
    attach(tools.tasks, mcp, { onWarning: () => undefined, ...options });
    const transport = new WebStandardStreamableHTTPServerTransport({ sessionIdGenerator: () => crypto.randomUUID() });
    await mcp.connect(transport);
    const fetch = (request: Request) => transport.handleRequest(request);
    const opening = new HttpClient({ fetch }, { generation: '2025-11-25' });
    await opening.result('initialize', {
      protocolVersion: '2025-11-25',
      capabilities,
      clientInfo: { name: 'raw', version: '0' },
    });
    const headers = { 'mcp-session-id': transport.sessionId ?? '' };
    const client = new HttpClient({ fetch }, { generation: '2025-11-25', headers });
    const session: Session = {
      client,
      transport,
      openGetStream: async () =>
        readStream(
          await fetch(new Request('http://localhost/mcp', { headers: { ...headers, accept: 'text/event-stream' } })),
        ),
    };
    sessions.push(session);
    return session;
  }
  const start = async ({ client }: Session, name: string, more: JsonObject = {}) => {
    const created = await client.result('tools/call', { name, arguments: {}, task: {}, ...more });
    return (created['task'] as JsonObject)['taskId'] as string;
  };
  const accepted = (name: unknown) => ({ action: 'accept', content: { name } });

  it('tells status and progress of its tasks on the stream of the session', async () => {
    const session = await open();
    const stream = await session.openGetStream();
    const taskId = await start(session, 'reports', { _meta: { progressToken: 'p' } });
    const told: JsonObject[] = [];
    const next = async () => {
      const message = await stream.next();
      told.push(message ?? {});
      return message;
    };
    const until = async (found: (message: JsonObject) => boolean) => {
      for (let message = await next(); message !== undefined && !found(message); message = await next());
    };
    for (const part of [1, 2, 3]) {
      await until(({ params }) => (params as JsonObject)['progress'] === part);
      tools.release();
    }
    await until(({ params }) => (params as JsonObject)['status'] === 'completed');
    const progress = told
      .filter(({ method }) => method === 'notifications/progress')
      .map(({ params }) => params as JsonObject);
    expect(progress.map((params) => params['progress'])).toEqual([1, 2, 3]);
    expect(progress[0]).toMatchObject({ progressToken: 'p', _meta: { [RELATED]: { taskId } } });
  });

  it('tells each thing on one stream only: that of tasks/result while there is one', async () => {
    const session = await open();
    const own = await session.openGetStream();
    const taskId = await start(session, 'asks');
    const result = await session.client.open('tasks/result', { taskId });
    const onResult: JsonObject[] = [];
    for (let message = await result.next(); message !== undefined; message = await result.next()) {
      onResult.push(message);
      if ('id' in message && 'method' in message) {
        await session.client.post({ jsonrpc: '2.0', id: message['id'], result: accepted('Luca') });
      }
    }
    const completed = ({ params }: JsonObject) => (params as JsonObject | undefined)?.['status'] === 'completed';
    expect(onResult.filter(completed)).toHaveLength(1);
    await session.transport.close();
    const onOwn: JsonObject[] = [];
    for (let message = await own.next(); message !== undefined; message = await own.next()) onOwn.push(message);
    expect(onOwn.filter(completed)).toHaveLength(0);
  });

  it('tells on a connection that several owners share nothing but of the tasks of its opener', async () => {
    const mcp = new McpServer({ name: 'test', version: '0' });
    attach(tools.tasks, mcp, { onWarning: () => undefined });
    const [client, server] = InMemoryTransport.createLinkedPair();
    const told: JsonObject[] = [];
    client.onmessage = (message) => told.push(message as unknown as JsonObject);
    await mcp.connect(server);
    let lastId = 0;
    const ask = async (sub: string, method: string, params: JsonObject) => {
      const id = ++lastId;
      const authInfo = { token: sub, clientId: 'app', scopes: [], extra: { sub } };
      await client.send({ jsonrpc: '2.0', id, method, params }, { authInfo });
      await expect.poll(() => told.find((message) => message['id'] === id)).toBeDefined();
      return told.find((message) => message['id'] === id)?.['result'] as JsonObject;
    };
    const begin = async (sub: string, name: string) =>
      ((await ask(sub, 'tools/call', { name, arguments: {}, task: {} }))['task'] as JsonObject)['taskId'];
    const clientInfo = { name: 'raw', version: '0' };
    await ask('alice', 'initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo });
    const bobs = await begin('bob', 'whoami');
    await expect.poll(async () => (await ask('bob', 'tasks/get', { taskId: bobs }))['status']).toBe('completed');
    const own = await begin('alice', 'whoami');
    const notified = () => told.filter(({ method }) => method === 'notifications/tasks/status');
    await expect.poll(notified).toMatchObject([{ params: { taskId: own, status: 'completed' } }]);
    await mcp.close();
  });

  it('asks a question once on tasks/get, and again after an answer that does not fit', async () => {
    const session = await open();
    const taskId = await start(session, 'asks');
    const asked = async () => (await session.client.request('tasks/get', { taskId })).before;
    let questions: readonly JsonObject[] = [];
    await expect.poll(async () => (questions = await asked()).length).toBe(1);
    expect(await asked()).toEqual([]);
    await session.client.post({ jsonrpc: '2.0', id: questions[0]?.['id'], result: accepted(5) });
    await expect.poll(async () => (questions = await asked()).length).toBe(1);
    await session.client.post({ jsonrpc: '2.0', id: questions[0]?.['id'], result: accepted('Luca') });
    const result = await session.client.result('tasks/result', { taskId });
    expect(result).toMatchObject({ content: [{ text: 'Hello, Luca!' }] });
  });

  it('asks again on the stream that waits for the result, after an answer that does not fit', async () => {
    const session = await open();
    const taskId = await start(session, 'asks');
    const stream = await session.client.open('tasks/result', { taskId });
    const answers = [accepted(5), { action: 'perhaps' }, accepted('Luca')];
    const ids = new Set<unknown>();
    let last: JsonObject | undefined;
    for (let message = await stream.next(); message !== undefined; message = await stream.next()) {
      last = message;
      if (!('method' in message) || message['id'] === undefined) continue;
      ids.add(message['id']);
      await session.client.post({ jsonrpc: '2.0', id: message['id'], result: answers.shift() });
    }
    expect(last).toMatchObject({ result: { content: [{ text: 'Hello, Luca!' }] } });
    expect(ids.size).toBe(3);
  });

  it('asks inside a request, on its stream', async () => {
    const session = await open();
    const stream = await session.client.open('tools/call', { name: 'asks', arguments: {} });
    const question = await stream.next();
    expect(question).toMatchObject({ method: 'elicitation/create' });
    await session.client.post({ jsonrpc: '2.0', id: question?.['id'], result: accepted('Luca') });
    expect(await stream.next()).toMatchObject({ result: { content: [{ text: 'Hello, Luca!' }] } });
  });

  it('asks nothing of a client that said it cannot answer', async () => {
    const session = await open({ owner: () => 'alice' }, { sampling: {} });
    const taskId = await start(session, 'asks');
    expect(await session.client.result('tasks/result', { taskId })).toMatchObject({ isError: true });
  });

  it('forgets who waits when the session ends', async () => {
    const session = await open();
    const before = inspect(tools.tasks).waiters;
    const taskId = await start(session, 'hold');
    const stream = await session.client.open('tasks/result', { taskId });
    await expect.poll(() => inspect(tools.tasks).waiters).toBeGreaterThan(before + 1);
    await session.transport.close();
    // The run itself is one of those who wait.
    await expect.poll(() => inspect(tools.tasks).waiters).toBe(before + 1);
    expect(await stream.next()).toBeUndefined();
    tools.release();
  });

  it('[SEC-01] can bind tasks to the session that made them', async () => {
    const [one, two] = [await open({ owner: subjectClientSession }), await open({ owner: subjectClientSession })];
    const taskId = await start(one, 'hold');
    expect(await one.client.result('tasks/get', { taskId })).toMatchObject({ status: 'working' });
    expect((await two.client.request('tasks/get', { taskId })).error).toMatchObject({ code: -32602 });
    expect(await two.client.result('tasks/list')).toEqual({ tasks: [] });
    tools.release();
  });

  it('shows no tasks to a session without an owner', async () => {
    const session = await open({});
    expect((await session.client.request('tasks/list')).error).toMatchObject({ code: -32601 });
  });

  it('takes no answer from the session of another owner', async () => {
    const alice = await open({ owner: () => 'alice' });
    const mallory = await open({ owner: () => 'mallory' });
    const taskId = await start(alice, 'asks');
    const stream = await alice.client.open('tasks/result', { taskId });
    let question = await stream.next();
    while (question !== undefined && !('id' in question)) question = await stream.next();
    await mallory.client.post({ jsonrpc: '2.0', id: question?.['id'], result: accepted('Mallory') });
    await alice.client.post({ jsonrpc: '2.0', id: question?.['id'], result: accepted('Alice') });
    const messages: JsonObject[] = [];
    for (let message = await stream.next(); message !== undefined; message = await stream.next())
      messages.push(message);
    expect(messages.at(-1)).toMatchObject({ result: { content: [{ text: 'Hello, Alice!' }] } });
  });
});
