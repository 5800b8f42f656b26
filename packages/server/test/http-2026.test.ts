import type { ScopeChallengeHandler, ToolOptions } from '@mcp-tasks/runner';
import type { JsonObject } from '@mcp-tasks/wire';
import {
  type AuthInfo,
  type CreateMcpHandlerOptions,
  type McpHttpHandler,
  McpServer,
  requireScopes,
  type ScopeChallengeHandler as SdkScopeChallengeHandler,
} from '@modelcontextprotocol/server';
import { afterEach, beforeEach, describe, expect, expectTypeOf, it, vi } from 'vitest';
import { serveTasks, type ServeTasksOptions, type TaskApp, wrapHandler } from '../src/index.ts';
import { HttpClient, TASK_CAPABILITIES } from './support/http-client.ts';
import { createTestTools, type TestTools } from './support/test-tools.ts';

const ALICE: AuthInfo = {
  token: 'a',
  clientId: 'app',
  scopes: [],
  extra: { iss: 'https://idp.example', sub: 'alice' },
};
const REQUIRED = { requiredCapabilities: { extensions: { 'io.modelcontextprotocol/tasks': {} } } };

describe('2026-07-28 over HTTP', () => {
  let tools: TestTools;
  const apps: TaskApp[] = [];

  beforeEach(() => {
    tools = createTestTools();
  });
  afterEach(async () => {
    for (const app of apps.splice(0)) await app.close({ drainMs: 0 });
  });

  function serve(options: ServeTasksOptions = {}, handlerOptions: CreateMcpHandlerOptions = {}): McpHttpHandler {
    const app = serveTasks(tools.tasks, () => new McpServer({ name: 'test', version: '0' }), options);
    apps.push(app);
    return app.http(handlerOptions);
  }
  const connect = (
    handler = serve(),
    authInfo: AuthInfo | undefined = ALICE,
    capabilities: JsonObject = TASK_CAPABILITIES,
  ) => new HttpClient(handler, { generation: '2026-07-28', authInfo, capabilities });
  const hold = { name: 'hold', arguments: {} };

  it('[TEST-08] takes a task from its call to its result, in requests that know nothing of each other', async () => {
    const handler = serve();
    const { taskId } = await connect(handler).result('tools/call', hold);
    expect(await connect(handler).result('tasks/get', { taskId: taskId as string })).toMatchObject({
      status: 'working',
    });
    tools.release();
    const get = () => connect(handler).result('tasks/get', { taskId: taskId as string });
    await expect.poll(get).toMatchObject({ status: 'completed', result: { content: [{ text: 'released' }] } });
  });

  it.each([
    ['tasks/get', { taskId: 'unknown' }],
    ['tasks/update', { taskId: 'unknown', inputResponses: {} }],
    ['tasks/cancel', { taskId: 'unknown' }],
    ['tools/call', { name: 'must_be_task', arguments: {} }],
    ['subscriptions/listen', { notifications: { taskIds: ['unknown'] } }],
  ])('%s without the extension is HTTP 400 and -32021', async (method, params) => {
    const reply = await connect(serve(), ALICE, { elicitation: {} }).request(method, params);
    expect(reply).toMatchObject({ status: 400, error: { code: -32021, data: REQUIRED } });
  });

  it.each([
    ['tasks/result', { taskId: 'x' }],
    ['tasks/list', {}],
  ])('[INTG-10] %s is HTTP 404 and -32601', async (method, params) => {
    expect(await connect().request(method, params)).toMatchObject({ status: 404, error: { code: -32601 } });
  });

  it('answers an unknown task in the body of a good HTTP answer', async () => {
    const reply = await connect().request('tasks/get', { taskId: 'unknown' });
    expect(reply).toMatchObject({ status: 200, error: { code: -32602, data: { code: 'TASK_NOT_FOUND' } } });
  });

  describe('[SEC-07] a caller without an owner', () => {
    const anonymous = (options: ServeTasksOptions = {}) =>
      new HttpClient(serve({ onWarning: () => undefined, ...options }), { generation: '2026-07-28' });

    it('is served as if there were no tasks', async () => {
      const client = anonymous();
      const { capabilities } = await client.result('server/discover');
      expect(capabilities).toEqual({ tools: { listChanged: true } });
      expect(await client.result('tools/call', { name: 'whoami', arguments: {} })).toMatchObject({
        resultType: 'complete',
        content: [{ text: '["none"] inline' }],
      });
      for (const method of ['tasks/get', 'tasks/update', 'tasks/cancel']) {
        expect(await client.request(method, { taskId: 'x' })).toMatchObject({ status: 404, error: { code: -32601 } });
      }
      const required = await client.request('tools/call', { name: 'must_be_task', arguments: {} });
      expect(required.error).toMatchObject({ code: -32602, data: { code: 'TASK_OWNER_REQUIRED' } });
      expect(tools.runs).toEqual([]);
    });

    it('makes one warning that says what to set', async () => {
      const warn = vi.fn();
      const client = anonymous({ onWarning: warn });
      await client.request('server/discover');
      await client.request('tools/call', { name: 'whoami', arguments: {} });
      expect(warn).toHaveBeenCalledExactlyOnceWith(expect.stringMatching(/authInfo.*owner.*anonymous/s));
    });

    it('shares tasks with the others where that is allowed', async () => {
      const handler = serve({ anonymous: 'allow' });
      const client = () => new HttpClient(handler, { generation: '2026-07-28' });
      const { taskId } = await client().result('tools/call', hold);
      expect(await client().result('tasks/get', { taskId: taskId as string })).toMatchObject({ status: 'working' });
      tools.release();
    });
  });

  it('[SEC-02] shows a foreign task as a missing one, whatever is asked', async () => {
    const handler = serve();
    const alice = connect(handler);
    const bob = connect(handler, { ...ALICE, extra: { iss: 'https://idp.example', sub: 'bob' } });
    const eve = connect(handler, { ...ALICE, extra: { iss: 'https://other.example', sub: 'alice' } });
    const { taskId } = await alice.result('tools/call', hold);
    for (const method of ['tasks/get', 'tasks/update', 'tasks/cancel']) {
      const missing = await bob.request(method, { taskId: crypto.randomUUID(), inputResponses: {} });
      for (const stranger of [bob, eve]) {
        const foreign = await stranger.request(method, { taskId: taskId as string, inputResponses: {} });
        expect(foreign).toEqual(missing);
      }
    }
    expect(await alice.result('tasks/get', { taskId: taskId as string })).toMatchObject({ status: 'working' });
    tools.release();
  });

  it('gives the tool what the author made of the request', async () => {
    const handler = serve({ caller: ({ authInfo }) => ({ plan: 'gold', client: authInfo?.clientId ?? null }) });
    await connect(handler).result('tools/call', { name: 'whoami', arguments: {} });
    await expect.poll(() => tools.callers).toEqual([{ plan: 'gold', client: 'app' }]);
  });

  it('refuses a caller value that is too large, and makes no task', async () => {
    const handler = serve({ caller: () => 'x'.repeat(9_000) });
    const reply = await connect(handler).request('tools/call', { name: 'whoami', arguments: {} });
    expect(reply.error).toMatchObject({ code: -32602, data: { code: 'CALLER_INVALID' } });
  });

  it("tells nothing of what the author's own functions throw", async () => {
    for (const options of [
      {
        owner: () => {
          throw new TypeError('secret of owner');
        },
      },
      {
        caller: () => {
          throw new TypeError('secret of caller');
        },
      },
    ]) {
      const onerror = vi.fn();
      const reply = await connect(serve({ ...options, onerror })).request('tools/call', {
        name: 'whoami',
        arguments: {},
      });
      expect(reply.error).toEqual({ code: -32603, message: 'Internal error' });
      expect(onerror).toHaveBeenCalledExactlyOnceWith(expect.any(TypeError));
    }
  });

  it('tells progress on the stream of a call that runs inside the request', async () => {
    const client = connect(serve(), ALICE, {});
    const stream = await client.open('tools/call', { name: 'reports', arguments: {}, _meta: { progressToken: 5 } });
    const values: unknown[] = [];
    for (let message = await stream.next(); message !== undefined; message = await stream.next()) {
      const { params } = message as { params?: JsonObject };
      if (params !== undefined) values.push(params['progress']);
      tools.release();
    }
    expect(values).toEqual([1, 2, 3]);
  });

  it('aborts a tool that runs inside the request when the client leaves', async () => {
    const client = connect(serve(), ALICE, {});
    const leaving = new AbortController();
    const answer = client.request('tools/call', hold, leaving.signal);
    await expect.poll(() => tools.signals.length).toBe(1);
    leaving.abort();
    await expect.poll(() => tools.signals[0]?.aborted).toBe(true);
    expect(await answer).toMatchObject({ status: 499 });
  });

  it("keeps to the SDK's limit for bodies, and to its options", async () => {
    const handler = serve({}, { maxRequestBodySize: 2_000 });
    const big = await connect(handler).request('tools/call', { name: 'echo', arguments: { value: 'x'.repeat(3_000) } });
    expect(big.status).toBe(413);
    const listen = await connect(handler).request('subscriptions/listen', {
      notifications: { taskIds: ['x'.repeat(3_000)] },
    });
    expect(listen.status).toBe(413);
  });

  it('takes a body that was parsed before', async () => {
    const client = connect();
    const { headers, message } = client.compose('tools/call', { name: 'whoami', arguments: {} });
    const response = await client.post('', { headers, parsedBody: message });
    expect(await response.json()).toMatchObject({ result: { resultType: 'task' } });
  });

  it("asks for the scope that a tool needs, as the SDK does for a server's own tools", async () => {
    tools.tasks.tool('guarded', { scopeChallenge: requireScopes('reports:write') }, () => ({ content: [] }));
    const handler = serve();
    const call = { name: 'guarded', arguments: {} };
    const { headers, message } = connect(handler).compose('tools/call', call);
    const refused = await connect(handler).post(message, { headers });
    expect(refused.status).toBe(403);
    expect(refused.headers.get('www-authenticate')).toContain('scope="reports:write"');
    const scoped = connect(handler, { ...ALICE, scopes: ['reports:write'] });
    expect(await scoped.result('tools/call', call)).toMatchObject({ resultType: 'task' });
    expect(tools.runs).toEqual([]);
  });

  it('asks for the scope that a tool finds missing by itself, from what the SDK hands over', async () => {
    expectTypeOf<ScopeChallengeHandler>().toExtend<SdkScopeChallengeHandler>();
    expectTypeOf<SdkScopeChallengeHandler>().toExtend<ScopeChallengeHandler>();
    const scopeChallenge: ToolOptions['scopeChallenge'] = ({ request, authInfo }) =>
      authInfo?.scopes.includes('admin') === true
        ? undefined
        : { scopes: [`call:${String(request.params?.['name'])}`] };
    tools.tasks.tool('guarded', { scopeChallenge }, () => ({ content: [] }));
    const call = { name: 'guarded', arguments: {} };
    const { headers, message } = connect().compose('tools/call', call);
    const refused = await connect().post(message, { headers });
    expect(refused.headers.get('www-authenticate')).toContain('scope="call:guarded"');
    expect(await connect(serve(), { ...ALICE, scopes: ['admin'] }).result('tools/call', call)).toMatchObject({
      resultType: 'task',
    });
  });

  it('makes one task of two calls with one idempotency key', async () => {
    const client = connect();
    const call = (value: string) =>
      client.request('tools/call', {
        name: 'echo',
        arguments: { value },
        _meta: { 'io.github.mcp-tasks/idempotency-key': 'k1' },
      });
    const [first, second] = [await call('x'), await call('x')];
    expect(second.result?.['taskId']).toBe(first.result?.['taskId']);
    expect((await call('y')).error).toMatchObject({ code: -32602, data: { code: 'IDEMPOTENCY_KEY_REUSED' } });
  });

  it('[TYPE-09] keeps a failing store to itself, and the next request works', async () => {
    const onerror = vi.fn();
    const client = connect(serve({ onerror }));
    const { taskId } = await client.result('tools/call', { name: 'whoami', arguments: {} });
    const failing = vi.spyOn(tools.store, 'get').mockRejectedValueOnce(new TypeError('password of the database'));
    const reply = await client.request('tasks/get', { taskId: taskId as string });
    expect(reply.error).toMatchObject({ code: -32603, message: 'Internal error' });
    expect(JSON.stringify(reply)).not.toContain('password');
    expect(onerror).toHaveBeenCalledOnce();
    failing.mockRestore();
    expect(await client.result('tasks/get', { taskId: taskId as string })).toMatchObject({ taskId });
  });

  it('wraps a handler once', () => {
    const handler = serve();
    expect(wrapHandler(tools.tasks, handler)).toBe(handler);
  });

  it.each([
    ['keepAliveMs', { keepAliveMs: -1 }],
    ['maxSubscriptions', { maxSubscriptions: -1 }],
  ])('refuses a negative %s', (name, options) => {
    const handler: McpHttpHandler = { ...serve() };
    expect(() => wrapHandler(tools.tasks, handler, options)).toThrow(RangeError);
  });
});
