import { inspect } from '@mcp-tasks/runner/testing';
import type { JsonObject } from '@mcp-tasks/wire';
import {
  type AuthInfo,
  type CreateMcpHandlerOptions,
  type McpHttpHandler,
  McpServer,
} from '@modelcontextprotocol/server';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { serveTasks, type ServeTasksOptions, type TaskApp } from '../src/index.ts';
import { HttpClient } from './support/http-client.ts';
import { createTestTools, type TestTools } from './support/test-tools.ts';

const RELATED = 'io.modelcontextprotocol/related-task';
const user = (sub: string): AuthInfo => ({ token: sub, clientId: 'app', scopes: [], extra: { sub } });

describe('2025-11-25 over HTTP without sessions', () => {
  let tools: TestTools;
  const apps: TaskApp[] = [];

  beforeEach(() => {
    tools = createTestTools({ limits: { pollIntervalMs: 50 } });
  });
  afterEach(async () => {
    for (const app of apps.splice(0)) await app.close({ drainMs: 0 });
  });

  function serve(options: ServeTasksOptions = {}, handlerOptions: CreateMcpHandlerOptions = {}): McpHttpHandler {
    const app = serveTasks(tools.tasks, () => new McpServer({ name: 'test', version: '0' }), options);
    apps.push(app);
    return app.http(handlerOptions);
  }
  const connect = (handler = serve(), authInfo: AuthInfo | undefined = user('alice')) =>
    new HttpClient(handler, { generation: '2025-11-25', authInfo });
  const start = async (client: HttpClient, name: string, more: JsonObject = {}) => {
    const created = await client.result('tools/call', { name, arguments: {}, task: {}, ...more });
    return (created['task'] as JsonObject)['taskId'] as string;
  };
  const answer = (client: HttpClient, question: JsonObject, result: JsonObject) =>
    client.post({ jsonrpc: '2.0', id: question['id'], result });
  const accepted = (name: string) => ({ action: 'accept', content: { name } });

  it('[TEST-08] takes a task from its call to its result, in requests that know nothing of each other', async () => {
    const client = connect();
    const taskId = await start(client, 'hold');
    expect(await client.result('tasks/get', { taskId })).toMatchObject({ status: 'working' });
    expect(await client.result('tasks/list')).toMatchObject({ tasks: [{ taskId }] });
    const waiting = client.result('tasks/result', { taskId });
    tools.release();
    expect(await waiting).toMatchObject({ content: [{ text: 'released' }], _meta: { [RELATED]: { taskId } } });
  });

  describe('questions', () => {
    it('go out on the stream of tasks/result, tied to the task, and the posted answer is taken', async () => {
      const client = connect();
      const taskId = await start(client, 'asks');
      const stream = await client.open('tasks/result', { taskId });
      const question = await nextQuestion(stream);
      expect(question).toMatchObject({
        method: 'elicitation/create',
        params: { mode: 'form', message: 'What is your name?', _meta: { [RELATED]: { taskId } } },
      });
      const posted = await answer(client, question, accepted('Luca'));
      expect(posted.status).toBe(202);
      expect(await lastOf(stream)).toMatchObject({ result: { content: [{ text: 'Hello, Luca!' }] } });
    });

    it('are asked anew, with another id, on each new stream', async () => {
      const client = connect();
      const taskId = await start(client, 'asks');
      const ids: unknown[] = [];
      for (let n = 0; n < 2; n++) {
        const stream = await client.open('tasks/result', { taskId });
        ids.push((await nextQuestion(stream))['id']);
        await stream.leave();
      }
      expect(new Set(ids).size).toBe(2);
    });

    it('go out on tasks/get, at most once per poll interval', async () => {
      const client = connect();
      const taskId = await start(client, 'asks');
      await expect.poll(async () => (await client.request('tasks/get', { taskId })).before.length).toBe(1);
      expect((await client.request('tasks/get', { taskId })).before).toEqual([]);
      await expect.poll(async () => (await client.request('tasks/get', { taskId })).before.length).toBe(1);
    });

    it('take the first valid answer, and ignore what comes later', async () => {
      const client = connect();
      const taskId = await start(client, 'asks');
      const stream = await client.open('tasks/result', { taskId });
      const question = await nextQuestion(stream);
      for (const name of ['Ada', 'Grace']) expect((await answer(client, question, accepted(name))).status).toBe(202);
      expect(await lastOf(stream)).toMatchObject({ result: { content: [{ text: 'Hello, Ada!' }] } });
      expect((await answer(client, question, accepted('late'))).status).toBe(202);
    });

    it('refuse an answer that does not fit, naming the question, which stays open', async () => {
      const client = connect();
      const taskId = await start(client, 'asks');
      const stream = await client.open('tasks/result', { taskId });
      const question = await nextQuestion(stream);
      const refused = await answer(client, question, accepted(5 as never));
      expect(refused.status).toBe(400);
      expect(await refused.json()).toMatchObject({
        id: null,
        error: {
          code: -32602,
          message: expect.stringContaining('name') as string,
          data: { code: 'TASK_ANSWER_INVALID' },
        },
      });
      expect(await client.result('tasks/get', { taskId })).toMatchObject({ status: 'input_required' });
      await answer(client, question, accepted('Luca'));
      expect(await lastOf(stream)).toMatchObject({ result: { content: [{ text: 'Hello, Luca!' }] } });
    });

    it('[SEC-02] take no answer from another owner, and do not tell that there is a question', async () => {
      const handler = serve();
      const alice = connect(handler);
      const taskId = await start(alice, 'asks');
      const question = await nextQuestion(await alice.open('tasks/result', { taskId }));
      const foreign = await answer(connect(handler, user('mallory')), question, accepted('Mallory'));
      const unknown = await answer(alice, { id: 'mcp-tasks/x/unknown/name' }, accepted('x'));
      expect([foreign.status, unknown.status]).toEqual([202, 202]);
      expect(await alice.result('tasks/get', { taskId })).toMatchObject({ status: 'input_required' });
    });

    it.each(['asks', 'samples'])('of %s that the client answers with an error are closed and told', async (name) => {
      const client = connect();
      const taskId = await start(client, name);
      const stream = await client.open('tasks/result', { taskId });
      const question = await nextQuestion(stream);
      const error = { code: -1, message: 'User rejected it' };
      expect((await client.post({ jsonrpc: '2.0', id: question['id'], error })).status).toBe(202);
      expect(await lastOf(stream)).toMatchObject({
        result: { isError: true, content: [{ text: expect.stringContaining('User rejected it') as string }] },
      });
      expect((await client.post({ jsonrpc: '2.0', id: question['id'], error })).status).toBe(202);
    });

    it('take an answer whose body was parsed before', async () => {
      const client = connect();
      const taskId = await start(client, 'asks');
      const stream = await client.open('tasks/result', { taskId });
      const question = await nextQuestion(stream);
      const parsedBody = { jsonrpc: '2.0', id: question['id'], result: accepted('Luca') };
      expect((await client.post('', { parsedBody })).status).toBe(202);
      expect(await lastOf(stream)).toMatchObject({ result: { content: [{ text: 'Hello, Luca!' }] } });
    });

    it('work for two at a time, and for sampling', async () => {
      const client = connect();
      const taskId = await start(client, 'asks_two');
      const stream = await client.open('tasks/result', { taskId });
      const questions = [await nextQuestion(stream), await nextQuestion(stream)] as JsonObject[];
      for (const [n, question] of questions.entries()) await answer(client, question, accepted(`N${n}`));
      expect(await lastOf(stream)).toMatchObject({ result: { content: [{ text: 'N0 and N1' }] } });

      const sampling = await client.open('tasks/result', { taskId: await start(client, 'samples') });
      const sample = await nextQuestion(sampling);
      expect(sample).toMatchObject({ method: 'sampling/createMessage' });
      await answer(client, sample, { role: 'assistant', model: 'm', content: { type: 'text', text: 'Ha' } });
      expect(await lastOf(sampling)).toMatchObject({ result: { content: [{ text: '{"type":"text","text":"Ha"}' }] } });
    });

    it('are asked inside the task by a tool that asks before its work', async () => {
      const client = connect();
      const taskId = await start(client, 'asks_first');
      const stream = await client.open('tasks/result', { taskId });
      await answer(client, await nextQuestion(stream), accepted('Luca'));
      expect(await lastOf(stream)).toMatchObject({ result: { content: [{ text: 'Hello, Luca!' }] } });
    });

    it('cannot be asked inside a request, which says so as a result of the tool', async () => {
      const reply = await connect().result('tools/call', { name: 'asks', arguments: {} });
      expect(reply).toMatchObject({ isError: true, content: [{ type: 'text' }] });
    });
  });

  it('[INTG-06] frees who waits when the client leaves', async () => {
    const client = connect();
    const taskId = await start(client, 'hold');
    // The run listens for what others write; the stream waits for the end, and for all there is to tell.
    await expect.poll(() => waiters(tools)).toBe(1);
    const stream = await client.open('tasks/result', { taskId });
    await expect.poll(() => waiters(tools)).toBe(3);
    await stream.leave();
    await expect.poll(() => waiters(tools)).toBe(1);
    tools.release();
  });

  it('[INTG-06] tells who waits for a task that expires that it is unknown', async () => {
    const client = connect();
    const taskId = await start(client, 'hold', { task: { ttl: 100 } });
    const missing = await client.request('tasks/result', { taskId: 'unknown' });
    expect(await client.request('tasks/result', { taskId })).toEqual(missing);
  });

  it('tells progress and status on the stream of tasks/result', async () => {
    const client = connect();
    const taskId = await start(client, 'reports', { _meta: { progressToken: 9 } });
    await expect.poll(async () => (await client.result('tasks/get', { taskId }))['statusMessage']).toBeDefined();
    // The run listens for what others write; the stream waits for the end, and for all there is to tell.
    await expect.poll(() => waiters(tools)).toBe(1);
    const stream = await client.open('tasks/result', { taskId });
    await expect.poll(() => waiters(tools)).toBe(3);
    const messages: JsonObject[] = [];
    const reading = (async () => {
      for (let next = await stream.next(); next !== undefined; next = await stream.next()) messages.push(next);
    })();
    const progress = () =>
      messages
        .filter(({ method }) => method === 'notifications/progress')
        .map(({ params }) => (params as JsonObject)['progress']);
    tools.release();
    await expect.poll(progress).toEqual([2]);
    tools.release();
    await expect.poll(progress).toEqual([2, 3]);
    tools.release();
    await reading;
    expect(progress()).toEqual([2, 3]);
    const statuses = messages.filter(({ method }) => method === 'notifications/tasks/status');
    expect((statuses.at(-1)?.['params'] as JsonObject)['status']).toBe('completed');
  });

  describe('[SEC-07] a caller without an owner', () => {
    const anonymous = (options: ServeTasksOptions) =>
      new HttpClient(serve({ onWarning: () => undefined, ...options }), { generation: '2025-11-25' });
    const INITIALIZE = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'raw', version: '0' } };

    it('is served as if there were no tasks', async () => {
      const client = anonymous({});
      expect(await client.result('initialize', INITIALIZE)).toMatchObject({
        capabilities: { tools: { listChanged: true } },
      });
      expect((await client.result('initialize', INITIALIZE))['capabilities']).toEqual({ tools: { listChanged: true } });
      for (const task of [{}, { ttl: -1 }, 'garbage']) {
        const reply = await client.result('tools/call', { name: 'whoami', arguments: {}, task });
        expect(reply).toEqual({ content: [{ type: 'text', text: '["none"] inline' }] });
      }
      for (const method of ['tasks/get', 'tasks/result', 'tasks/list', 'tasks/cancel']) {
        expect((await client.request(method, { taskId: 'x' })).error).toMatchObject({ code: -32601 });
      }
      const required = await client.request('tools/call', { name: 'must_be_task', arguments: {}, task: {} });
      expect(required.error).toMatchObject({ code: -32602, data: { code: 'TASK_OWNER_REQUIRED' } });
    });

    it('shares tasks with the others where that is allowed, but cannot list them', async () => {
      const client = anonymous({ anonymous: 'allow' });
      expect((await client.result('initialize', INITIALIZE))['capabilities']).toEqual({
        tools: { listChanged: true },
        tasks: { cancel: {}, requests: { tools: { call: {} } } },
      });
      const taskId = await start(client, 'whoami');
      expect(await client.result('tasks/result', { taskId })).toMatchObject({
        content: [{ text: '["anonymous"] task' }],
      });
      expect((await client.request('tasks/list')).error).toMatchObject({ code: -32601 });
    });
  });

  it('[SEC-02] [SEC-03] shows a foreign task as a missing one, and lists only what is the caller’s', async () => {
    const handler = serve();
    const alice = connect(handler);
    const bob = connect(handler, user('bob'));
    const taskId = await start(alice, 'hold');
    for (const method of ['tasks/get', 'tasks/result', 'tasks/cancel']) {
      const missing = await bob.request(method, { taskId: crypto.randomUUID() });
      expect(await bob.request(method, { taskId })).toEqual(missing);
    }
    expect(await bob.result('tasks/list')).toEqual({ tasks: [] });
    expect(await alice.result('tasks/get', { taskId })).toMatchObject({ status: 'working' });
    tools.release();
  });

  it("keeps to the SDK's limit for bodies, and leaves what is no JSON to the SDK", async () => {
    const client = connect(serve({}, { maxRequestBodySize: 2_000 }));
    const big = await client.request('tools/call', { name: 'echo', arguments: { value: 'x'.repeat(3_000) } });
    expect(big.status).toBe(413);
    const bare = new HttpClient({ fetch: serve().fetch }, { generation: '2025-11-25' });
    for (const body of ['{', '', '"text"', '[]']) expect((await bare.post(body)).status).toBe(400);
    const media = await bare.post('{}', { headers: { 'content-type': 'text/plain' } });
    expect(media.status).toBe(415);
  });

  it('ends those who wait when the application closes', async () => {
    const client = connect();
    const taskId = await start(client, 'asks');
    const stream = await client.open('tasks/result', { taskId });
    await nextQuestion(stream);
    const [app] = apps;
    const closing = app?.close({ drainMs: 0 });
    expect(await lastOf(stream)).toMatchObject({ error: { code: -32603 } });
    await closing;
  });
});

interface Readable {
  next(): Promise<JsonObject | undefined>;
}

/** The next request of the server on a stream. */
async function nextQuestion(stream: Readable): Promise<JsonObject> {
  for (;;) {
    const message = await stream.next();
    if (message === undefined) throw new TypeError('The stream ended without a question');
    if ('id' in message && 'method' in message) return message;
  }
}

/** The last message of a stream. */
async function lastOf(stream: Readable): Promise<JsonObject | undefined> {
  let last: JsonObject | undefined;
  for (let message = await stream.next(); message !== undefined; message = await stream.next()) last = message;
  return last;
}

/** Who waits for changes of tasks, runs included. */
const waiters = ({ tasks }: TestTools): number => inspect(tasks).waiters;
