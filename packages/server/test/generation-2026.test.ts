import type { JsonObject, TaskStatus } from '@mcp-tasks/wire';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connectTestClient, type TestClient, type TestClientOptions } from '../src/testing.ts';
import { createTestTools, type TestTools } from './support/test-tools.ts';

const VARIABLES = 'io.github.mcp-tasks/variables';
const EXTENSION = 'io.modelcontextprotocol/tasks';
const REQUIRED = { requiredCapabilities: { extensions: { [EXTENSION]: {} } } };

/** The SDK says in every answer which server gave it. */
const withoutMeta = (result: JsonObject) =>
  Object.fromEntries(Object.entries(result).filter(([field]) => field !== '_meta'));

describe('2026-07-28 on a connection of its own', () => {
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

  async function connect(options: Partial<TestClientOptions> = {}): Promise<TestClient> {
    const answer: TestClientOptions['answer'] = () => ({ action: 'accept', content: { name: 'Luca' } });
    const connected = await connectTestClient(tools.tasks, { generation: '2026-07-28', answer, ...options });
    clients.push(connected);
    return connected;
  }

  const call = (name: string, args: JsonObject = {}, more: JsonObject = {}) =>
    client.request('tools/call', { name, arguments: args, ...more });
  const start = async (name: string, args: JsonObject = {}) => (await call(name, args))['taskId'] as string;
  const get = (taskId: string) => client.request('tasks/get', { taskId });
  const untilStatus = (taskId: string, status: TaskStatus) =>
    tools.tasks.for('test').waitFor(taskId, (head) => head.status === status, { signal: AbortSignal.timeout(10_000) });
  const finished = async (name: string) => {
    const taskId = await start(name);
    await tools.tasks.for('test').waitFor(taskId, ({ status }) => status === 'completed' || status === 'failed', {
      signal: AbortSignal.timeout(10_000),
    });
    return get(taskId);
  };

  describe('capabilities', () => {
    it('[INTG-01] shows the extension as exactly an empty object, and no capability of 2025', async () => {
      const { capabilities } = await client.request('server/discover');
      expect(capabilities).toEqual({ tools: { listChanged: true }, extensions: { [EXTENSION]: {} } });
    });

    it('shows no execution in tools/list, which is of 2025', async () => {
      const { tools: listed } = await client.request('tools/list');
      expect(JSON.stringify(listed)).not.toContain('taskSupport');
    });
  });

  describe('tools/call', () => {
    it('[INTG-03] [INTG-04] answers with a flat task that says so, before the tool is done', async () => {
      const created = await call('hold');
      expect(created).toEqual({
        resultType: 'task',
        taskId: expect.any(String) as string,
        status: 'working',
        createdAt: expect.stringMatching(/Z$/) as string,
        lastUpdatedAt: created['createdAt'],
        ttlMs: 3_600_000,
        pollIntervalMs: 1_000,
        _meta: { 'io.modelcontextprotocol/serverInfo': { name: 'test', version: '0.0.0' } },
      });
      tools.release();
    });

    it('[INTG-12] never carries the text for the model', async () => {
      expect(JSON.stringify(await call('echo', { value: 'x' }))).not.toContain('model-immediate-response');
    });

    it('ignores `task`, which is of 2025, however malformed', async () => {
      for (const task of [{ ttl: 5 }, { ttl: -1 }, 'yes', null]) {
        expect(await call('echo', { value: 'x' }, { task })).toMatchObject({ resultType: 'task', ttlMs: 3_600_000 });
        expect(await call('greet', { name: 'x' }, { task })).toMatchObject({ content: [{ text: 'Hello, x!' }] });
      }
    });

    it('runs a tool inside the request of a client that does not declare the extension', async () => {
      client = await connect({ capabilities: { elicitation: {} } });
      expect(await call('whoami')).toMatchObject({ resultType: 'complete', content: [{ text: 'test inline' }] });
    });

    it('runs a tool inside the request of a client that declares only the capability of 2025', async () => {
      client = await connect({ capabilities: { tasks: { requests: { tools: { call: {} } } } } });
      expect(await call('whoami')).toMatchObject({ resultType: 'complete' });
      await expect(client.request('tasks/get', { taskId: 'any' })).rejects.toMatchObject({ code: -32021 });
    });

    it('[TYPE-08] refuses a required tool to a client that does not declare the extension', async () => {
      client = await connect({ capabilities: {} });
      await expect(call('must_be_task')).rejects.toMatchObject({ code: -32021, data: REQUIRED });
      expect(tools.runs).toEqual([]);
    });

    it('answers wrong arguments as the SDK does, and makes no task', async () => {
      expect(await call('echo', { value: 5 })).toMatchObject({ resultType: 'complete', isError: true });
      expect(await tools.tasks.for('test').list()).toEqual({ heads: [] });
    });
  });

  describe('tasks/get', () => {
    it('[INTG-05] shows a result as the call would have answered it, complete in itself and without a related task', async () => {
      const plain = await connect({ capabilities: {} });
      for (const name of ['structured', 'plain_value', 'tool_error']) {
        const inline = withoutMeta(await plain.request('tools/call', { name, arguments: {} }));
        const task = await finished(name);
        expect(task).toMatchObject({ resultType: 'complete', status: 'completed' });
        expect(task['result']).toEqual(inline);
      }
    });

    it('shows the error that the tool failed with', async () => {
      expect(await finished('protocol_error')).toMatchObject({
        status: 'failed',
        error: { code: -33603, message: 'refused by the tool', data: { reason: 'because' } },
      });
    });

    it('[HNDL-02] shows published variables in _meta, and never in the result or the create answer', async () => {
      const task = await finished('publishes');
      expect(task['_meta']).toMatchObject({ [VARIABLES]: { shown: { a: 1 } } });
      expect(JSON.stringify(task)).not.toContain('never');
      expect(JSON.stringify(task['result'])).not.toContain(VARIABLES);
      expect(JSON.stringify((await finished('whoami'))['_meta'])).not.toContain(VARIABLES);
    });

    it('shows progress as nothing but the status message', async () => {
      const taskId = (await call('reports', {}, { _meta: { progressToken: 1 } }))['taskId'] as string;
      await expect.poll(async () => (await get(taskId))['statusMessage']).toContain('part 1');
      expect(client.notifications).toEqual([]);
      await client.request('tasks/cancel', { taskId });
    });
  });

  describe('tasks/update', () => {
    const answered = (name: string) => ({ action: 'accept', content: { name } });

    it('takes answers in parts, ignores keys that ask nothing, and acknowledges no more than that', async () => {
      const taskId = await start('asks_two');
      await untilStatus(taskId, 'input_required');
      await expect
        .poll(async () => Object.keys((await get(taskId))['inputRequests'] as object))
        .toEqual(['first', 'second']);
      const update = (inputResponses: JsonObject) => client.request('tasks/update', { taskId, inputResponses });
      expect(withoutMeta(await update({ second: answered('Grace'), unknown: 'anything' }))).toEqual({
        resultType: 'complete',
      });
      expect(Object.keys((await get(taskId))['inputRequests'] as object)).toEqual(['first']);
      await update({ second: answered('too late') });
      await update({ first: answered('Ada') });
      await untilStatus(taskId, 'completed');
      expect(await get(taskId)).toMatchObject({ result: { content: [{ text: 'Ada and Grace' }] } });
    });

    it('refuses all answers when one does not fit, naming it, and leaves the questions open', async () => {
      const taskId = await start('asks_two');
      await expect.poll(async () => Object.keys(((await get(taskId))['inputRequests'] ?? {}) as object).length).toBe(2);
      for (const bad of [{ action: 'accept', content: { name: 5 } }, { action: 'perhaps' }, 'text', null, []]) {
        const refused = client.request('tasks/update', {
          taskId,
          inputResponses: { first: answered('x'), second: bad },
        });
        await expect(refused).rejects.toMatchObject({
          code: -32602,
          message: expect.stringContaining('second') as string,
          data: { code: 'TASK_ANSWER_INVALID' },
        });
      }
      expect(Object.keys((await get(taskId))['inputRequests'] as object)).toEqual(['first', 'second']);
    });

    it.each([undefined, null, 'text', [], 7])(
      'refuses inputResponses that are no object: %o',
      async (inputResponses) => {
        const taskId = await start('asks');
        await expect(client.request('tasks/update', { taskId, inputResponses })).rejects.toMatchObject({
          code: -32602,
          message: expect.stringContaining('inputResponses') as string,
        });
      },
    );

    it('ignores answers to a task that is over', async () => {
      const taskId = await start('echo', { value: 'x' });
      await untilStatus(taskId, 'completed');
      const late = await client.request('tasks/update', { taskId, inputResponses: { name: answered('x') } });
      expect(late).toMatchObject({ resultType: 'complete' });
    });
  });

  it('refuses to show a question to a request whose client cannot answer it, naming the capability', async () => {
    const able = client;
    const taskId = await start('asks');
    await untilStatus(taskId, 'input_required');
    client = await connect({ capabilities: { sampling: {}, extensions: { [EXTENSION]: {} } } });
    await expect(get(taskId)).rejects.toMatchObject({
      code: -32021,
      data: { requiredCapabilities: { elicitation: { form: {} } } },
    });
    client = able;
    expect(await get(taskId)).toMatchObject({ status: 'input_required' });
  });

  it('tells a tool whose client cannot be asked that it cannot', async () => {
    client = await connect({ capabilities: { extensions: { [EXTENSION]: {} } } });
    const task = await finished('asks');
    expect(task).toMatchObject({ status: 'completed', result: { isError: true } });
  });

  it('answers a tool that must ask, but runs inside a request, with the extension that would let it', async () => {
    client = await connect({ capabilities: { elicitation: {} } });
    await expect(call('asks')).rejects.toMatchObject({ code: -32021, data: REQUIRED });
  });

  describe('questions before the work', () => {
    it('are asked by multi-round-trip, and no task exists until all are answered', async () => {
      const asked = await call('asks_first');
      expect(asked).toMatchObject({
        resultType: 'input_required',
        inputRequests: { user_name: { method: 'elicitation/create', params: { message: 'What is your name?' } } },
      });
      expect(await call('asks_first', {}, { inputResponses: { other: {} } })).toMatchObject({
        resultType: 'input_required',
      });
      expect(tools.runs).toEqual([]);
      const inputResponses = { user_name: { action: 'accept', content: { name: 'Luca' } } };
      const created = await call('asks_first', {}, { inputResponses });
      expect(created).toMatchObject({ resultType: 'task' });
      await untilStatus(created['taskId'] as string, 'completed');
      expect(await get(created['taskId'] as string)).toMatchObject({ result: { content: [{ text: 'Hello, Luca!' }] } });
    });

    it('are asked of a client without the extension too', async () => {
      client = await connect({ capabilities: { elicitation: {} } });
      expect(await call('asks_first')).toMatchObject({ resultType: 'input_required' });
      const inputResponses = { user_name: { action: 'decline' } };
      expect(await call('asks_first', {}, { inputResponses })).toMatchObject({ content: [{ text: 'decline' }] });
    });

    it('refuse an answer that does not fit, naming the question', async () => {
      const inputResponses = { user_name: { action: 'accept', content: { name: 5 } } };
      await expect(call('asks_first', {}, { inputResponses })).rejects.toMatchObject({
        code: -32602,
        message: expect.stringContaining('user_name') as string,
        data: { code: 'TASK_ANSWER_INVALID', key: 'user_name' },
      });
    });

    it('need the capability to be asked at all', async () => {
      client = await connect({ capabilities: { extensions: { [EXTENSION]: {} } } });
      await expect(call('asks_first')).rejects.toMatchObject({ code: -32021 });
    });
  });

  describe('tasks/cancel', () => {
    it('[INTG-08] acknowledges without a task, also when the task is over', async () => {
      const taskId = await start('hold');
      await expect.poll(() => tools.signals.length).toBe(1);
      for (let n = 0; n < 2; n++) {
        expect(withoutMeta(await client.request('tasks/cancel', { taskId }))).toEqual({ resultType: 'complete' });
      }
      expect(await get(taskId)).toMatchObject({ status: 'cancelled' });
      await expect.poll(() => tools.signals[0]?.aborted).toBe(true);
    });
  });

  it.each(['tasks/get', 'tasks/cancel', 'tasks/update'])(
    '%s refuses an unknown task, and an id that is no string',
    async (method) => {
      const request = (taskId: unknown) => client.request(method, { taskId, inputResponses: {} } as JsonObject);
      await expect(request('unknown')).rejects.toMatchObject({ code: -32602, data: { code: 'TASK_NOT_FOUND' } });
      for (const taskId of [undefined, 7, null]) {
        await expect(request(taskId)).rejects.toMatchObject({
          code: -32602,
          message: expect.stringContaining('taskId') as string,
        });
      }
    },
  );

  it.each(['tasks/get', 'tasks/cancel', 'tasks/update'])(
    '%s is refused before any lookup without the extension',
    async (method) => {
      const taskId = await start('hold');
      client = await connect({ capabilities: { elicitation: {} } });
      for (const id of [taskId, 'unknown', 7]) {
        const refused = client.request(method, { taskId: id, inputResponses: {} });
        await expect(refused).rejects.toMatchObject({ code: -32021, data: REQUIRED });
      }
      tools.release();
    },
  );

  it.each(['tasks/result', 'tasks/list'])('[INTG-10] knows no %s, which is of 2025', async (method) => {
    await expect(client.request(method, { taskId: 'x' })).rejects.toMatchObject({ code: -32601 });
  });
});
