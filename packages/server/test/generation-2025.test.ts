import type { TaskEvent } from '@mcp-tasks/runner';
import { inspect } from '@mcp-tasks/runner/testing';
import type { JsonObject, ProtocolFailure, TaskStatus } from '@mcp-tasks/wire';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ServeTasksOptions } from '../src/index.ts';
import { connectTestClient, type TestClient, type TestClientOptions } from '../src/testing.ts';
import { createTestTools, type TestTools } from './support/test-tools.ts';

const RELATED = 'io.modelcontextprotocol/related-task';
const VARIABLES = 'io.github.mcp-tasks/variables';

function deep(levels: number): unknown {
  let value: unknown = 'x';
  for (let n = 0; n < levels; n++) value = [value];
  return value;
}

describe('2025-11-25 on a connection of its own', () => {
  let tools: TestTools;
  let client: TestClient;
  const clients: TestClient[] = [];

  beforeEach(async () => {
    tools = createTestTools();
    client = await connect();
  });
  afterEach(async () => {
    for (const each of clients.splice(0)) await each.close();
    await tools.tasks.close({ drainMs: 0 });
  });

  async function connect(options: Partial<TestClientOptions> & ServeTasksOptions = {}): Promise<TestClient> {
    const answer: TestClientOptions['answer'] = () => ({ action: 'accept', content: { name: 'Luca' } });
    const connected = await connectTestClient(tools.tasks, { generation: '2025-11-25', answer, ...options });
    clients.push(connected);
    return connected;
  }

  const call = (name: string, args: JsonObject = {}, task: JsonObject = {}, meta?: JsonObject) =>
    client.request('tools/call', { name, arguments: args, task, ...(meta !== undefined && { _meta: meta }) });
  const start = async (name: string, args: JsonObject = {}, task: JsonObject = {}, meta?: JsonObject) =>
    ((await call(name, args, task, meta))['task'] as JsonObject)['taskId'] as string;
  const get = (taskId: string) => client.request('tasks/get', { taskId });
  const result = (taskId: string) => client.request('tasks/result', { taskId });
  const untilStatus = (taskId: string, status: TaskStatus) =>
    tools.tasks.for('test').waitFor(taskId, (head) => head.status === status, { signal: AbortSignal.timeout(10_000) });

  describe('capabilities', () => {
    it('[INTG-01] shows its own capability, and not the extension of 2026', async () => {
      const { capabilities } = await client.request('initialize', {
        protocolVersion: '2025-11-25',
        capabilities: {},
        clientInfo: { name: 'again', version: '0' },
      });
      expect(capabilities).toEqual({
        tools: { listChanged: true },
        tasks: { list: {}, cancel: {}, requests: { tools: { call: {} } } },
      });
    });

    it('[INTG-02] [TYPE-08] shows in tools/list which tools run as a task', async () => {
      const listed = (await client.request('tools/list'))['tools'] as { name: string; execution: unknown }[];
      const support = Object.fromEntries(listed.map(({ name, execution }) => [name, execution]));
      expect(support).toMatchObject({
        greet: { taskSupport: 'forbidden' },
        echo: { taskSupport: 'optional' },
        must_be_task: { taskSupport: 'required' },
      });
    });
  });

  describe('tools/call', () => {
    it('[INTG-03] [INTG-04] answers with a task, as it was created, before the tool is done', async () => {
      const created = await call('hold', {}, { ttl: 60_000 });
      const task = created['task'] as JsonObject;
      expect(created).toEqual({ task });
      expect(task).toEqual({
        taskId: expect.any(String) as string,
        status: 'working',
        createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string,
        lastUpdatedAt: task['createdAt'],
        ttl: 60_000,
        pollInterval: 1_000,
      });
      expect(await get(task['taskId'] as string)).toMatchObject({ status: 'working' });
      tools.release();
      expect(await result(task['taskId'] as string)).toMatchObject({ content: [{ type: 'text', text: 'released' }] });
    });

    it('[INTG-12] carries the text for the model while the task runs, for tools that have one', async () => {
      const created = await call('echo', { value: 'x' });
      expect(created['_meta']).toEqual({ 'io.modelcontextprotocol/model-immediate-response': 'echoing' });
    });

    it('runs a tool inside the request when no task is asked for', async () => {
      const answer = await client.request('tools/call', { name: 'whoami', arguments: {} });
      expect(answer).toEqual({ content: [{ type: 'text', text: 'test inline' }] });
      expect(await client.request('tasks/list')).toEqual({ tasks: [] });
    });

    it('[TYPE-08] refuses a call of a required tool that asks for no task', async () => {
      const refused = client.request('tools/call', { name: 'must_be_task', arguments: {} });
      await expect(refused).rejects.toMatchObject({
        code: -32601,
        data: { code: 'TASK_REQUIRED', tool: 'must_be_task' },
      });
      // Also when the arguments are wrong: another call of this kind could not do better.
      const wrong = client.request('tools/call', { name: 'must_be_task', arguments: { n: 'x' } });
      await expect(wrong).rejects.toMatchObject({ code: -32601 });
      expect(tools.runs).toEqual([]);
    });

    it('[TYPE-08] refuses a task of a tool that makes none, without running it', async () => {
      await expect(call('greet', { name: 'x' })).rejects.toMatchObject({
        code: -32601,
        data: { code: 'TASK_NOT_SUPPORTED', tool: 'greet' },
      });
      expect(tools.runs).toEqual([]);
    });

    it('refuses wrong arguments of a task call with an error that names the field, and makes no task', async () => {
      await expect(call('echo', { value: 5 })).rejects.toMatchObject({
        code: -32602,
        message: expect.stringContaining('value') as string,
        data: { code: 'INVALID_ARGUMENTS' },
      });
      expect(await client.request('tasks/list')).toEqual({ tasks: [] });
    });

    it('answers wrong arguments of a plain call as the SDK does', async () => {
      const answer = await client.request('tools/call', { name: 'echo', arguments: { value: 5 } });
      expect(answer).toMatchObject({ isError: true });
    });

    it('says of an unknown tool that it is unknown', async () => {
      await expect(call('nothing')).rejects.toMatchObject({
        code: -32602,
        message: expect.stringContaining('not found') as string,
      });
    });

    it.each([
      ['0', 0],
      ['negative', -1],
      ['fractional', 1.5],
      ['too large', 1e300],
      ['beyond the safe integers', 2 ** 53],
      ['a string', '60000'],
      ['null', null],
      ['an object', {}],
    ])('[INTG-09] refuses a ttl that is %s, naming it', async (_what, ttl) => {
      await expect(call('echo', { value: 'x' }, { ttl })).rejects.toMatchObject({
        code: -32602,
        message: expect.stringContaining('task.ttl') as string,
        data: { code: 'INVALID_TTL' },
      });
      expect(tools.runs).toEqual([]);
      expect(await client.request('tasks/list')).toEqual({ tasks: [] });
    });

    it.each(['yes', 5, [], null])('refuses a `task` that is no object: %o', async (task) => {
      const refused = client.request('tools/call', { name: 'echo', arguments: { value: 'x' }, task });
      await expect(refused).rejects.toMatchObject({ code: -32602, message: expect.stringContaining('task') as string });
    });

    it('[INTG-09] clamps a longer and a shorter ttl to the limits, and grants the default to who asks for none', async () => {
      await tools.tasks.close();
      tools = createTestTools({ limits: { minTtlMs: undefined } });
      client = await connect();
      const granted = async (task: JsonObject) =>
        ((await call('echo', { value: 'x' }, task))['task'] as JsonObject)['ttl'];
      expect(await granted({ ttl: 2 ** 53 - 1 })).toBe(24 * 60 * 60_000);
      expect(await granted({})).toBe(60 * 60_000);
      expect(await granted({ ttl: 1 })).toBe(60_000);
    });

    it('[INTG-09] grants a lifetime of 30 days where the limit allows it, and it neither overflows nor ends early', async () => {
      tools = createTestTools({ limits: { maxTtlMs: 40 * 24 * 3_600_000 } });
      client = await connect();
      const thirtyDaysMs = 30 * 24 * 3_600_000;
      const taskId = await start('hold', {}, { ttl: thirtyDaysMs });
      expect(await get(taskId)).toMatchObject({ status: 'working', ttl: thirtyDaysMs });
      tools.release();
    });

    it('[OBS-01] hands the trace of the request to the events of its task', async () => {
      const events: TaskEvent[] = [];
      tools = createTestTools({ onEvent: (event) => events.push(event) });
      client = await connect();
      const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
      const taskId = await start('echo', { value: 'x' }, {}, { traceparent, tracestate: 'a=1' });
      await result(taskId);
      const { trace } = events.find(({ type }) => type === 'task-created') ?? {};
      expect(trace).toEqual({ traceparent, tracestate: 'a=1' });
    });

    it.each([
      ['an id of 1 MB', 'tasks/get', { taskId: 'x'.repeat(1_000_000) }],
      ['a cursor of 1 MB', 'tasks/list', { cursor: 'x'.repeat(1_000_000) }],
      ['arguments of 2 MB', 'tools/call', { name: 'echo', arguments: { value: 'x'.repeat(2_000_000) }, task: {} }],
      ['arguments 1,000 levels deep', 'tools/call', { name: 'echo', arguments: { value: deep(1_000) }, task: {} }],
    ])('refuses %s with an error and no stack', async (_what, method, params) => {
      const error = await client.request(method, params as JsonObject).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: -32602 });
      const { message, data } = error as ProtocolFailure;
      expect(JSON.stringify([message, data])).not.toMatch(/\bat .*\.(ts|js|mjs):\d/);
      expect(await client.request('tasks/list')).toEqual({ tasks: [] });
    });

    it('makes one task of two calls with one idempotency key', async () => {
      const meta = { 'io.github.mcp-tasks/idempotency-key': 'k1' };
      const taskId = await start('echo', { value: 'x' }, {}, meta);
      expect(await start('echo', { value: 'x' }, {}, meta)).toBe(taskId);
      await expect(call('echo', { value: 'y' }, {}, meta)).rejects.toMatchObject({
        code: -32602,
        data: { code: 'IDEMPOTENCY_KEY_REUSED' },
      });
    });

    it.each([7, '', 'x'.repeat(257), {}, null])('refuses the idempotency key %o', async (key) => {
      const refused = call('echo', { value: 'x' }, {}, { 'io.github.mcp-tasks/idempotency-key': key });
      await expect(refused).rejects.toMatchObject({ code: -32602, data: { code: 'IDEMPOTENCY_KEY_INVALID' } });
    });
  });

  describe('tasks/result', () => {
    it('[INTG-06] answers what the call would have answered, tied to its task', async () => {
      for (const name of ['structured', 'plain_value', 'tool_error']) {
        const inline = await client.request('tools/call', { name, arguments: {} });
        const taskId = await start(name);
        expect(await result(taskId)).toEqual({ ...inline, _meta: { [RELATED]: { taskId } } });
      }
    });

    it('[INTG-06] answers the very error that the tool failed with', async () => {
      const error = { code: -33603, message: 'refused by the tool', data: { reason: 'because' } };
      await expect(client.request('tools/call', { name: 'protocol_error', arguments: {} })).rejects.toMatchObject(
        error,
      );
      const taskId = await start('protocol_error');
      await expect(result(taskId)).rejects.toMatchObject(error);
      expect(await get(taskId)).toMatchObject({ status: 'failed', taskId });
    });

    it('[INTG-06] waits until the task is over, for everybody who waits', async () => {
      const taskId = await start('hold');
      const other = await connect();
      const waiting = [result(taskId), other.request('tasks/result', { taskId })];
      await untilStatus(taskId, 'working');
      tools.release();
      for (const answer of await Promise.all(waiting))
        expect(answer).toMatchObject({ content: [{ text: 'released' }] });
    });

    it('[INTG-08] says of a cancelled task that it was cancelled, also to who waits for it', async () => {
      const taskId = await start('hold');
      const waiting = result(taskId);
      const cancelled = expect(waiting).rejects.toMatchObject({
        code: -32602,
        data: { code: 'TASK_CANCELLED', taskId },
      });
      await client.request('tasks/cancel', { taskId });
      await cancelled;
      await expect(result(taskId)).rejects.toMatchObject({ code: -32602, data: { code: 'TASK_CANCELLED' } });
    });

    it('shows a result with isError as a failed task with the text of the tool', async () => {
      const taskId = await start('tool_error');
      expect(await result(taskId)).toMatchObject({ isError: true });
      expect(await get(taskId)).toMatchObject({ status: 'failed', statusMessage: 'it broke' });
    });
  });

  describe('tasks/get, tasks/list, tasks/cancel', () => {
    it('[INTG-05] shows the task with what the tool published, and never its private variables', async () => {
      const taskId = await start('publishes');
      await result(taskId);
      const task = await get(taskId);
      expect(task).toMatchObject({ taskId, status: 'completed', _meta: { [VARIABLES]: { shown: { a: 1 } } } });
      expect(JSON.stringify(task)).not.toContain('never');
    });

    it('[HNDL-02] shows published variables where they belong and nowhere else', async () => {
      const taskId = await start('publishes');
      const answer = await result(taskId);
      expect(answer['_meta']).toEqual({ [RELATED]: { taskId } });
      const { tasks } = await client.request('tasks/list');
      expect(tasks).toEqual([expect.not.objectContaining({ _meta: expect.anything() as unknown })]);
      const status = client.notifications.find(({ method }) => method === 'notifications/tasks/status');
      expect(status?.params['_meta']).toEqual({ [VARIABLES]: { shown: { a: 1 } } });
    });

    it('[INTG-07] lists the tasks of the caller in pages of 50, newest first', async () => {
      const started: string[] = [];
      for (let n = 0; n < 60; n++) started.push(await start('echo', { value: String(n) }));
      const first = await client.request('tasks/list');
      const second = await client.request('tasks/list', { cursor: first['nextCursor'] });
      const ids = [first, second].map((page) => (page['tasks'] as JsonObject[]).map((task) => task['taskId']));
      expect(ids.map((page) => page.length)).toEqual([50, 10]);
      expect(second['nextCursor']).toBeUndefined();
      expect(new Set(ids.flat())).toEqual(new Set(started));
    });

    it.each(['garbage', '', 7, {}, null])('[INTG-07] refuses the cursor %o', async (cursor) => {
      await expect(client.request('tasks/list', { cursor })).rejects.toMatchObject({
        code: -32602,
        data: { code: 'INVALID_CURSOR' },
      });
    });

    it('[INTG-08] cancels at once, and the signal of the tool aborts', async () => {
      const taskId = await start('hold');
      await expect.poll(() => tools.signals.length).toBe(1);
      expect(await client.request('tasks/cancel', { taskId })).toMatchObject({ taskId, status: 'cancelled' });
      await expect.poll(() => tools.signals[0]?.aborted).toBe(true);
      expect(await get(taskId)).toMatchObject({ status: 'cancelled' });
    });

    it('[HNDL-02] shows what was published in the answer of a cancel', async () => {
      tools.tasks.tool('publish_and_hold', {}, async (_args, task) => {
        await task.publish('half', 1);
        await new Promise<void>((resolve) => {
          task.signal.addEventListener('abort', () => {
            resolve();
          });
        });
        return { content: [] };
      });
      client = await connect();
      const taskId = await start('publish_and_hold');
      await expect.poll(async () => (await get(taskId))['_meta']).toEqual({ [VARIABLES]: { half: 1 } });
      const cancelled = await client.request('tasks/cancel', { taskId });
      expect(cancelled['_meta']).toEqual({ [VARIABLES]: { half: 1 } });
    });

    it('[INTG-08] refuses to cancel what is over', async () => {
      const taskId = await start('echo', { value: 'x' });
      await result(taskId);
      await expect(client.request('tasks/cancel', { taskId })).rejects.toMatchObject({
        code: -32602,
        data: { code: 'TASK_ALREADY_TERMINAL' },
      });
    });

    it.each(['tasks/get', 'tasks/result', 'tasks/cancel'])(
      '%s refuses an id that is no string, and one that is unknown',
      async (method) => {
        for (const taskId of [undefined, 7, null, {}]) {
          await expect(client.request(method, { taskId })).rejects.toMatchObject({
            code: -32602,
            message: expect.stringContaining('taskId') as string,
          });
        }
        await expect(client.request(method, { taskId: 'unknown' })).rejects.toMatchObject({
          code: -32602,
          data: { code: 'TASK_NOT_FOUND' },
        });
      },
    );

    it('[INTG-10] knows no tasks/update, which is of 2026', async () => {
      await expect(client.request('tasks/update', { taskId: 'x', inputResponses: {} })).rejects.toMatchObject({
        code: -32601,
      });
    });
  });

  describe('notifications', () => {
    it('tells each change of status with the whole task, and ties none to a related task', async () => {
      const taskId = await start('asks');
      await result(taskId);
      const told = client.notifications.filter(({ method }) => method === 'notifications/tasks/status');
      expect(told.map(({ params }) => params['status'])).toEqual(['input_required', 'working', 'completed']);
      for (const { params } of told) {
        expect(params).toMatchObject({ taskId, ttl: 3_600_000, pollInterval: 1_000 });
        expect(params['_meta']).toBeUndefined();
      }
    });

    it('[INTG-11] tells progress for the token of the call, rising strictly, tied to its task, and none at the end', async () => {
      const taskId = await start('reports', { total: 3 }, {}, { progressToken: 'mine' });
      const progress = () => client.notifications.filter(({ method }) => method === 'notifications/progress');
      for (const part of [1, 2, 3]) {
        await expect.poll(() => progress().length).toBe(part);
        tools.release();
      }
      await result(taskId);
      const told = progress();
      for (const { params } of told) {
        expect(params).toMatchObject({ progressToken: 'mine', total: 3, _meta: { [RELATED]: { taskId } } });
        expect(params['message']).toBe(`part ${params['progress'] as number}`);
      }
      expect(told.map(({ params }) => params['progress'])).toEqual([1, 2, 3]);
      const methods = client.notifications.map(({ method, params }) => params['status'] ?? method);
      expect(methods.lastIndexOf('notifications/progress')).toBeLessThan(methods.indexOf('completed'));
    });

    it('tells nothing of tasks that were made on another connection', async () => {
      const other = await connect();
      await result(await start('echo', { value: 'x' }));
      expect(other.notifications).toEqual([]);
    });

    it('frees who waits when the client cancels the request, and answers nothing to it', async () => {
      const taskId = await start('hold');
      await expect.poll(() => tools.signals.length).toBe(1);
      await new Promise(setImmediate);
      const before = inspect(tools.tasks).waiters;
      let isSettled = false;
      const waiting = client.request('tasks/result', { taskId });
      waiting.finally(() => (isSettled = true)).catch(() => undefined);
      await expect.poll(() => inspect(tools.tasks).waiters).toBeGreaterThan(before);
      // Requests of this client are numbered: initialize, tools/call, tasks/result.
      await client.notify('notifications/cancelled', { requestId: 3 });
      await expect.poll(() => inspect(tools.tasks).waiters).toBe(before);
      tools.release();
      await untilStatus(taskId, 'completed');
      expect(isSettled).toBe(false);
    });
  });
});
