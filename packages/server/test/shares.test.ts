import type { TaskEvent, TasksOptions } from '@mcp-tasks/runner';
import { fakeClock, inspect } from '@mcp-tasks/runner/testing';
import type { JsonObject } from '@mcp-tasks/wire';
import { InMemoryTransport, McpServer } from '@modelcontextprotocol/server';
import { afterEach, describe, expect, it } from 'vitest';
import { serveTasks, type ServeTasksOptions, type TaskApp, type TaskHttpOptions } from '../src/index.ts';
import { WireClient } from '../src/testing/wire-client.ts';
import { HttpClient, type HttpStream } from './support/http-client.ts';
import { createTestTools, type TestTools, type TestToolsOptions } from './support/test-tools.ts';

const GENERATIONS = ['2025-11-25', '2026-07-28'] as const;
type Generation = (typeof GENERATIONS)[number];
const POST = { headers: { 'content-type': 'application/json' } };
const eventually = <Value>(look: () => Value) => expect.poll(look, { timeout: 20_000 });

const apps: TaskApp[] = [];
afterEach(() => Promise.all(apps.splice(0).map((app) => app.close({ drainMs: 0 }))));

/** A server, its events of limits, and clients of it who are told apart by their tokens. */
function serve(
  limits: TasksOptions['limits'],
  options: ServeTasksOptions & { readonly http?: TaskHttpOptions; readonly tasks?: TestToolsOptions } = {},
) {
  const { http, tasks, ...serving } = options;
  const events: TaskEvent[] = [];
  const tools = createTestTools({ ...tasks, limits, onEvent: (event) => events.push(event) });
  const app = serveTasks(tools.tasks, () => new McpServer({ name: 'test', version: '0' }), {
    onWarning: () => undefined,
    ...serving,
  });
  apps.push(app);
  const handler = app.http(http);
  const client = (sub: string | undefined, generation: Generation, more: JsonObject = {}) =>
    new HttpClient(handler, {
      generation,
      ...(sub !== undefined && { authInfo: { token: 't', clientId: 'app', scopes: [], extra: { sub } } }),
      ...more,
    });
  const exceeded = () => events.filter((event) => event.type === 'limit-exceeded');
  return { tools, app, handler, client, exceeded };
}

const HOLD = { name: 'hold', arguments: {} };
/** A client of 2026-07-28 that runs tools inside its requests. */
const PLAIN = { capabilities: {} };

function holdMany(client: HttpClient, count: number) {
  return Array.from({ length: count }, () => client.request('tools/call', HOLD));
}

function begun(tools: TestTools, count: number) {
  return eventually(() => tools.runs.filter((name) => name === 'hold').length).toBe(count);
}

describe.each(GENERATIONS)('[BOUN-03] runs inside requests of %s', (generation) => {
  it('of one owner are 32, more are refused, and another owner is served', async () => {
    const { tools, client, exceeded } = serve({});
    const [alice, bob] = [client('alice', generation, PLAIN), client('bob', generation, PLAIN)];
    const held = holdMany(alice, 32);
    await begun(tools, 32);
    const { error } = await alice.request('tools/call', HOLD);
    expect(error).toMatchObject({ code: -32602, data: { code: 'TASK_QUOTA_EXCEEDED', limit: 'maxInlineRuns' } });
    expect(exceeded()).toMatchObject([
      { limit: 'maxInlineRuns', owner: expect.stringContaining('alice') as unknown, tool: 'hold' },
    ]);
    expect(await bob.result('tools/call', { name: 'echo', arguments: { value: 'hi' } })).toMatchObject({
      content: [{ text: 'hi' }],
    });
    tools.release();
    await Promise.all(held);
    expect(await alice.result('tools/call', { name: 'whoami', arguments: {} })).toMatchObject({ content: [{}] });
  });

  it('of callers without an owner wait their turn, one that leaves gives its turn up, and an owner is served', async () => {
    const { tools, client, exceeded } = serve({ maxCallsWithoutOwner: 2 });
    const stranger = client(undefined, generation, PLAIN);
    const held = holdMany(stranger, 2);
    await begun(tools, 2);
    const leaving = new AbortController();
    const left = stranger.request('tools/call', HOLD, leaving.signal).catch(() => undefined);
    const waiting = stranger.request('tools/call', { name: 'whoami', arguments: {} });
    const alice = client('alice', generation, PLAIN);
    expect(await alice.result('tools/call', { name: 'whoami', arguments: {} })).toMatchObject({ content: [{}] });
    expect(tools.callers).toHaveLength(1);
    leaving.abort();
    await left;
    tools.release();
    expect((await waiting).result).toMatchObject({ content: [{ text: expect.stringContaining('inline') as unknown }] });
    await Promise.all(held);
    expect(tools.runs).toEqual(['hold', 'hold']);
    expect(exceeded()).toEqual([]);
  });
});

describe('[BOUN-03] streams', () => {
  const taskOf = async (client: HttpClient) => {
    const { taskId, task } = await client.result('tools/call', { ...HOLD, task: {} });
    return (taskId ?? (task as JsonObject)['taskId']) as string;
  };

  it('of subscriptions/listen are bounded per owner, and a stream that ends makes room', async () => {
    const { client, exceeded } = serve({ maxListenStreams: 2 });
    const [alice, bob] = [client('alice', '2026-07-28'), client('bob', '2026-07-28')];
    const taskId = await taskOf(alice);
    const listen = (who: HttpClient, id = taskId) =>
      who.open('subscriptions/listen', { notifications: { taskIds: [id] } });
    const open: HttpStream[] = [await listen(alice), await listen(alice)];
    const first = async (stream: HttpStream) => stream.next();
    for (const stream of open)
      expect(await first(stream)).toMatchObject({ method: expect.stringContaining('ack') as unknown });
    expect(await first(await listen(alice))).toMatchObject({
      error: { code: -32602, data: { code: 'LISTEN_LIMIT', maxListenStreams: 2 } },
    });
    expect(exceeded()).toMatchObject([{ limit: 'maxListenStreams' }]);
    const ofBob = await taskOf(bob);
    expect(await first(await listen(bob, ofBob))).toMatchObject({ params: { notifications: { taskIds: [ofBob] } } });
    await open[0]?.leave();
    expect(await first(await listen(alice))).toMatchObject({ params: { notifications: { taskIds: [taskId] } } });
  });

  it('of tasks/result that wait are bounded per owner, and one that was left makes room', async () => {
    const { client, exceeded, tools } = serve({ maxWaitingResults: 2 });
    const [alice, bob] = [client('alice', '2025-11-25'), client('bob', '2025-11-25')];
    const taskId = await taskOf(alice);
    const leaving = new AbortController();
    const left = alice.request('tasks/result', { taskId }, leaving.signal).catch(() => undefined);
    const waiting = alice.request('tasks/result', { taskId });
    // The run watches its task, and each that waits does so twice.
    await eventually(() => inspect(tools.tasks).waiters).toBe(5);
    const { error } = await alice.request('tasks/result', { taskId });
    expect(error).toMatchObject({ code: -32602, data: { code: 'RESULT_WAIT_LIMIT', maxWaitingResults: 2 } });
    expect(exceeded()).toMatchObject([{ limit: 'maxWaitingResults' }]);
    const ofBob = bob.request('tasks/result', { taskId: await taskOf(bob) });
    leaving.abort();
    await left;
    await begun(tools, 2);
    tools.release();
    expect((await waiting).result).toMatchObject({ content: [{ text: 'released' }] });
    expect((await ofBob).result).toMatchObject({ content: [{ text: 'released' }] });
  });
});

describe.each(GENERATIONS)('[BOUN-03] requests of %s that concern tasks', (generation) => {
  const WHO = { name: 'whoami', arguments: {} };
  const missing = (client: HttpClient) => client.request('tasks/get', { taskId: 'none' });
  const limits = { maxRequestBurst: 3, maxRequestsPerSecond: 2 };

  it('that come too fast get 429 with Retry-After, each counted once, and another owner is served', async () => {
    const clock = fakeClock();
    const { client, exceeded } = serve(limits, { tasks: { clock } });
    const [alice, bob] = [client('alice', generation), client('bob', generation)];
    const codes = async (who: HttpClient) => ((await missing(who)).error?.data as JsonObject)['code'];
    expect([await codes(alice), await codes(alice)]).toEqual(['TASK_NOT_FOUND', 'TASK_NOT_FOUND']);
    expect((await alice.request('tools/call', WHO)).result).toBeDefined();
    const { message, headers } = alice.compose('tasks/get', { taskId: 'none' });
    const refused = await alice.post(message, { headers });
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1']);
    expect(await refused.json()).toMatchObject({
      id: message['id'],
      error: { code: -32602, data: { code: 'REQUEST_LIMIT', retryAfterMs: 500 } },
    });
    expect(exceeded()).toMatchObject([{ limit: 'maxRequestsPerSecond' }]);
    expect(await codes(bob)).toBe('TASK_NOT_FOUND');
    await clock.advance(500);
    expect(await codes(alice)).toBe('TASK_NOT_FOUND');
  });

  it('are not bounded for callers that cannot be told apart, nor for what is not ours', async () => {
    const { client } = serve({ maxRequestBurst: 1 }, { anonymous: 'allow', tasks: { clock: fakeClock() } });
    const [stranger, alice] = [client(undefined, generation), client('alice', generation)];
    for (let count = 0; count < 5; count++) {
      expect((await missing(stranger)).error?.data).toMatchObject({ code: 'TASK_NOT_FOUND' });
      expect((await alice.request('tools/list')).status).toBe(200);
    }
  });

  it('are decided by the limiter of the author, who may answer late, and of whom a fault is told to the author alone', async () => {
    const asked: unknown[] = [];
    const errors: unknown[] = [];
    const { client, exceeded } = serve(
      { maxRequestBurst: 1 },
      {
        onerror: (error) => errors.push(error),
        limiter: async ({ owner, method, name, context }) => {
          asked.push([owner, method, name, context.request instanceof Request]);
          await Promise.resolve();
          if (asked.length > 3) throw new Error('secret');
          return asked.length > 2 ? 12_345 : undefined;
        },
      },
    );
    const [stranger, alice] = [client(undefined, generation), client('alice', generation)];
    expect((await stranger.request('tools/call', WHO)).result).toBeDefined();
    expect((await missing(alice)).error?.data).toMatchObject({ code: 'TASK_NOT_FOUND' });
    const { message, headers } = alice.compose('tasks/get', { taskId: 'none' });
    const refused = await alice.post(message, { headers });
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '13']);
    expect(exceeded()).toMatchObject([{ limit: 'limiter' }]);
    const failed = await alice.request('tasks/get', { taskId: 'none' });
    expect(failed.error).toMatchObject({ code: -32603 });
    expect(JSON.stringify(failed)).not.toContain('secret');
    expect(errors).toEqual([new Error('secret')]);
    const ofAlice: unknown = expect.stringContaining('alice');
    expect(asked).toEqual([
      [undefined, 'tools/call', 'whoami', true],
      ...Array.from({ length: 3 }, () => [
        ofAlice,
        'tasks/get',
        generation === '2026-07-28' ? 'none' : undefined,
        true,
      ]),
    ]);
  });
});

describe('[BOUN-03] requests that concern tasks, elsewhere', () => {
  it('are counted in sessions, once each, and refused with 429 there too', async () => {
    const { client } = serve(
      { maxRequestBurst: 2, maxRequestsPerSecond: 1 },
      { http: { legacy: 'sessions' }, tasks: { clock: fakeClock() } },
    );
    const alice = client('alice', '2025-11-25');
    const { message, headers } = alice.compose('initialize', {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 'raw', version: '0' },
    });
    const opened = await alice.post(message, { headers });
    await opened.text();
    const inSession = client('alice', '2025-11-25', {
      headers: { ...POST.headers, 'mcp-session-id': opened.headers.get('mcp-session-id') ?? '' },
    });
    const codes = [];
    for (let count = 0; count < 3; count++) {
      const { status, error } = await inSession.request('tasks/get', { taskId: 'none' });
      codes.push([status, (error?.data as JsonObject)['code']]);
    }
    expect(codes).toEqual([
      [200, 'TASK_NOT_FOUND'],
      [200, 'TASK_NOT_FOUND'],
      [429, 'REQUEST_LIMIT'],
    ]);
  });

  async function connect(options: ServeTasksOptions): Promise<WireClient> {
    const { app } = serve(
      { maxRequestBurst: 2, maxRequestsPerSecond: 1 },
      { ...options, tasks: { clock: fakeClock() } },
    );
    const [clientEnd, serverEnd] = InMemoryTransport.createLinkedPair();
    app.stdio({ transport: serverEnd });
    const wire = new WireClient(clientEnd, () => Promise.resolve({}));
    await wire.open();
    const clientInfo = { name: 'raw', version: '0' };
    await wire.request('initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo });
    return wire;
  }
  const codesOf = async (wire: WireClient) => {
    const codes: unknown[] = [];
    for (let count = 0; count < 3; count++) {
      const thrown = await wire.request('tasks/get', { taskId: 'none' }).catch((error: unknown) => error);
      codes.push((thrown as { data: JsonObject }).data);
    }
    return codes;
  };

  it.each([
    ['the token bucket', {}],
    ['a limiter that answers late', { limiter: lateLimiter() }],
  ])('are refused on a connection with retryAfterMs, by %s', async (_what, options) => {
    const wire = await connect({ owner: () => 'alice', ...options });
    expect(await codesOf(wire)).toMatchObject([
      { code: 'TASK_NOT_FOUND' },
      { code: 'TASK_NOT_FOUND' },
      { code: 'REQUEST_LIMIT', retryAfterMs: 1_000 },
    ]);
  });

  it('are not bounded for the local user, who is the only caller', async () => {
    const wire = await connect({});
    expect(await codesOf(wire)).toMatchObject(Array.from({ length: 3 }, () => ({ code: 'TASK_NOT_FOUND' })));
  });
});

function lateLimiter() {
  let count = 0;
  return async () => {
    await Promise.resolve();
    return ++count > 2 ? 1_000 : undefined;
  };
}
