import { once } from 'node:events';
import { createServer, type IncomingMessage, request as openRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type FakeClock, fakeClock, inspect } from '@mcp-tasks/runner/testing';
import { memoryStore, TaskError, type TaskStore } from '@mcp-tasks/store';
import type { JsonObject } from '@mcp-tasks/wire';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { type CreateMcpHandlerOptions, type McpHttpHandler, McpServer } from '@modelcontextprotocol/server';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { serveTasks, type TaskApp } from '../../src/index.ts';
import { HttpClient } from '../support/http-client.ts';
import { createTestTools, type TestTools } from '../support/test-tools.ts';

/** A condition is awaited; the deadline is for what never comes. */
const eventually = <Value>(look: () => Value) => expect.poll(look, { timeout: 20_000 });

const OWNER = { owner: () => 'alice' };

/** A store whose reads fail while there is a failure. */
function interruptedStore(failure: () => TaskError | undefined): TaskStore {
  const store = memoryStore();
  const get: TaskStore['get'] = async (input) => {
    const error = failure();
    if (error !== undefined) throw error;
    return store.get(input);
  };
  return new Proxy(store, {
    get(target, name) {
      const member: unknown = name === 'get' ? get : Reflect.get(target, name);
      return typeof member === 'function' ? (member.bind(target) as unknown) : member;
    },
  });
}

describe('[INTG-10] a stream of task notifications', () => {
  let clock: FakeClock;
  let tools: TestTools;
  let app: TaskApp;
  let failure: TaskError | undefined;
  const faults: unknown[] = [];

  beforeEach(() => {
    failure = undefined;
    faults.length = 0;
    clock = fakeClock();
    tools = createTestTools({ clock, store: interruptedStore(() => failure), limits: { defaultTtlMs: 60_000 } });
    app = serveTasks(tools.tasks, () => new McpServer({ name: 'test', version: '0' }), {
      ...OWNER,
      onerror: (error) => faults.push(error),
    });
  });
  afterEach(async () => {
    tools.release();
    const closing = app.close({ drainMs: 0 });
    await clock.advance(10_000);
    await closing;
    expect(inspect(tools.tasks)).toMatchObject({ waiters: 0 });
  });

  const serve = (options: CreateMcpHandlerOptions = {}): McpHttpHandler => app.http(options);
  const connect = (handler: McpHttpHandler) => new HttpClient(handler, { generation: '2026-07-28' });
  const start = async (client: HttpClient, name: string, args: JsonObject = {}): Promise<string> =>
    (await client.result('tools/call', { name, arguments: args }))['taskId'] as string;
  /** The raw text of a stream, as it is pulled. */
  async function listen(client: HttpClient, taskIds: readonly string[]) {
    const { message, headers } = client.compose('subscriptions/listen', { notifications: { taskIds } });
    const response = await client.post(message, { headers });
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    return {
      read: async () => (await reader?.read())?.value,
      leave: async () => reader?.cancel(),
    };
  }
  const dataOf = (frame: string | undefined) =>
    JSON.parse(/^data: (.*)$/m.exec(frame ?? '')?.[1] ?? 'null') as JsonObject;

  it('[INTG-09] ends when the last task has expired', async () => {
    const client = connect(serve({ keepAliveMs: 0 }));
    const stream = await listen(client, [await start(client, 'hold')]);
    await stream.read();
    expect(dataOf(await stream.read())).toMatchObject({ params: { status: 'working' } });
    await clock.advance(59_999);
    const last = stream.read();
    await clock.advance(1);
    expect(dataOf(await last)).toMatchObject({ result: { resultType: 'complete' } });
    expect(await stream.read()).toBeUndefined();
  });

  it('sends a comment now and then, once the SDK has nothing more to send', async () => {
    const client = connect(serve({ keepAliveMs: 5_000 }));
    const stream = await listen(client, [await start(client, 'hold')]);
    await stream.read();
    await stream.read();
    for (let time = 0; time < 3; time += 1) {
      const comment = stream.read();
      await clock.advance(5_000);
      expect(await comment).toBe(': keepalive\n\n');
    }
    await stream.leave();
    const { timers } = clock;
    await clock.advance(5_000);
    expect(clock.timers).toBeLessThanOrEqual(timers);
  });

  it('sends no comments when told so', async () => {
    const client = connect(serve({ keepAliveMs: 0 }));
    const stream = await listen(client, [await start(client, 'hold')]);
    await stream.read();
    await stream.read();
    const next = stream.read();
    await clock.advance(40_000);
    tools.release();
    await clock.advance(1_000);
    expect(dataOf(await next)).toMatchObject({ params: { status: 'completed' } });
    await stream.leave();
  });

  it('skips states that a slow reader missed, and never the last one', async () => {
    let versions = 0;
    tools.tasks.tool('busy', { inputSchema: z.object({ writes: z.number() }) }, async ({ writes }, task) => {
      for (let count = 0; count < writes; count += 1) {
        await task.publish('count', count);
        versions += 1;
      }
      return { content: [{ type: 'text', text: 'busy no more' }] };
    });
    const client = connect(serve());
    const stream = await listen(client, [await start(client, 'busy', { writes: 200 })]);
    await clock.advance(1_000);
    await eventually(() => versions).toBe(200);
    const frames: JsonObject[] = [];
    for (let frame = await stream.read(); frame !== undefined; frame = await stream.read()) frames.push(dataOf(frame));
    const states = frames.filter(({ method }) => method === 'notifications/tasks');
    expect(states.length).toBeLessThan(10);
    expect(states.at(-1)).toMatchObject({
      params: { status: 'completed', result: { content: [{ text: 'busy no more' }] } },
    });
    expect(frames.at(-1)).toMatchObject({ result: { resultType: 'complete' } });
  });

  it('goes on after the store could not be reached for a while', async () => {
    const client = connect(serve());
    const stream = await listen(client, [await start(client, 'hold')]);
    await stream.read();
    await stream.read();
    const next = stream.read();
    failure = new TaskError('STORE_UNAVAILABLE', 'no connection', { retryable: true });
    tools.release();
    await clock.advance(5_000);
    failure = undefined;
    await clock.advance(20_000);
    expect(dataOf(await next)).toMatchObject({ params: { status: 'completed' } });
    await stream.leave();
  });

  it('ends with an error, and tells the server, when a task cannot be read at all', async () => {
    const client = connect(serve());
    const stream = await listen(client, [await start(client, 'hold')]);
    failure = new TaskError('STORE_CORRUPT_RECORD', 'secret words of the driver');
    await stream.read();
    expect(dataOf(await stream.read())['error']).toEqual({
      code: -32603,
      message: 'Internal error',
      data: { code: 'STORE_CORRUPT_RECORD' },
    });
    expect(await stream.read()).toBeUndefined();
    expect(faults).toContain(failure);
    failure = undefined;
  });

  it('carries a large result in one event', async () => {
    const value = '\u{1F600}\u2028\u0085ü"\\\n'.repeat(60_000);
    const client = connect(serve());
    const taskId = await start(client, 'echo', { value });
    await eventually(async () => (await client.result('tasks/get', { taskId }))['status']).toBe('completed');
    const reply = await client.request('subscriptions/listen', { notifications: { taskIds: [taskId] } });
    const [, notification] = reply.before;
    expect(notification).toMatchObject({ params: { result: { content: [{ text: value }] } } });
  });

  describe('over a socket', () => {
    let server: Server;

    beforeEach(async () => {
      const handle = toNodeHandler(serve());
      // The adapter's type wants a property that node's request may lack.
      server = createServer((request, response) => void handle(request as Parameters<typeof handle>[0], response));
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
    });
    afterEach(async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    });

    it('is forgotten when the client hangs up', async () => {
      const client = connect(serve());
      const taskIds = [await start(client, 'hold'), await start(client, 'hold')];
      // A run that has begun waits for the end of its task too.
      const before = 2;
      await eventually(() => inspect(tools.tasks).waiters).toBe(before);
      const { message, headers } = client.compose('subscriptions/listen', { notifications: { taskIds } });
      const { port } = server.address() as AddressInfo;
      const accept = 'application/json, text/event-stream';
      const request = openRequest({
        port,
        method: 'POST',
        headers: { ...headers, accept, 'content-type': 'application/json' },
      });
      request.end(JSON.stringify(message));
      const [response] = (await once(request, 'response')) as [IncomingMessage];
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      await eventually(() => text.split('notifications/tasks').length - 1).toBe(2);
      expect(inspect(tools.tasks).waiters).toBe(before + 2);
      response.on('error', () => undefined);
      request.destroy();
      await eventually(() => inspect(tools.tasks).waiters).toBe(before);
    });
  });
});
