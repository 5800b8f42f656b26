import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type HttpServerProcess, startEverythingServer } from '../src/testing.ts';
import { accept, finish } from './conversation.ts';
import {
  type Caller,
  callerOf,
  type Generation,
  GENERATIONS,
  postRaw,
  REVISION,
  type WireError,
  type WireResult,
} from './raw-client.ts';

const INVALID_PARAMS = -32602;
const METHOD_NOT_FOUND = -32601;
const UNKNOWN_TASK_ID = '00000000-0000-4000-8000-000000000000';
const MEBIBYTE = 1_048_576;

const containing = (part: string): unknown => expect.stringContaining(part);

let server: HttpServerProcess;
let tests = 0;
/** Users that no other test of this file knows. */
let alice: string;
let bob: string;

const MAX_TESTS = 200;
const userNames = Array.from({ length: MAX_TESTS }, (_, test) => [`alice-${test}`, `bob-${test}`] as const);

beforeAll(async () => {
  server = await startEverythingServer({
    DRAIN_MS: '0',
    POLL_INTERVAL_MS: '20',
    MAX_ACTIVE_TASKS: '5',
    TOKENS: userNames.flat().join(','),
  });
});

afterAll(async () => {
  expect(await server.stop()).toMatchObject({ exitCode: 0, stderr: '' });
});

beforeEach(() => {
  [alice, bob] = userNames[(tests += 1)] ?? ['', ''];
});

// Whatever a test did to it, the server is still there, and whoever did it can go on.
afterEach(async () => {
  for (const generation of GENERATIONS) {
    const { taskId } = await caller(generation).startTask('structured', { n: 2 });
    const { result } = await finish(caller(generation), server.url, taskId, {}, { token: alice });
    expect(result?.structuredContent).toEqual({ square: 4 });
  }
});

const caller = (generation: Generation, token = alice) => callerOf(generation, server.url, { token });

const listIds = async (owner: Caller): Promise<string[]> =>
  (await owner.request('tasks/list')).result.tasks.map((task) => task.taskId);

/** A value nested in objects, as JSON text: what JSON.stringify cannot make at any depth. */
const nested = (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;

describe.each(GENERATIONS)('unknown and malformed task ids in %i', (generation) => {
  const methods = generation === 2025 ? ['tasks/get', 'tasks/result', 'tasks/cancel'] : ['tasks/get', 'tasks/cancel'];

  it.each(methods)('[SEC-02] %s says the same of a foreign task and of none', async (method) => {
    const { taskId } = await caller(generation).startTask('slow_compute', { seconds: 60 });
    const foreign = await caller(generation, bob).request(method, { taskId });
    const unknown = await caller(generation, bob).request(method, { taskId: UNKNOWN_TASK_ID });
    expect(foreign.error).toMatchObject({ code: INVALID_PARAMS, data: { code: 'TASK_NOT_FOUND' } });
    expect(foreign.error).toEqual(unknown.error);
    expect((await caller(generation).request('tasks/get', { taskId })).result.status).toBe('working');
  });

  it.each(methods)('%s names the missing or mistyped taskId', async (method) => {
    for (const params of [{}, { taskId: 5 }, { taskId: null }, { taskId: ['x'] }]) {
      const { error } = await caller(generation).request(method, params);
      expect(error).toMatchObject({ code: INVALID_PARAMS, message: containing('taskId') });
    }
  });

  // In 2026-07-28 the id travels in a header too, and Node takes 16 KiB of headers.
  const long = 'a'.repeat(generation === 2025 ? MEBIBYTE : 10_000);

  it.each(['', 'x', long, '../../etc/passwd', '\u0000', '💥', '__proto__'])(
    'takes the id %# as unknown',
    async (taskId) => {
      const { error } = await caller(generation).request('tasks/get', { taskId });
      const unknown = await caller(generation).request('tasks/get', { taskId: UNKNOWN_TASK_ID });
      expect(error).toMatchObject({ code: INVALID_PARAMS, data: { code: 'TASK_NOT_FOUND' } });
      expect(error).toEqual(unknown.error);
    },
  );
});

describe('methods of the other generation', () => {
  it.each(['tasks/result', 'tasks/list'])('[INTG-10] 2026-07-28 has no %s', async (method) => {
    const { error, httpStatus } = await caller(2026).request(method, { taskId: UNKNOWN_TASK_ID });
    expect({ code: error?.code, httpStatus }).toEqual({ code: METHOD_NOT_FOUND, httpStatus: 404 });
  });

  it('[INTG-10] 2025-11-25 has no tasks/update', async () => {
    const { error } = await caller(2025).request('tasks/update', { taskId: UNKNOWN_TASK_ID, inputResponses: {} });
    expect(error?.code).toBe(METHOD_NOT_FOUND);
  });

  it.each(['tasks/get', 'tasks/update', 'tasks/cancel'])(
    '[INTG-10] %s without the extension is -32021, before the task is looked up',
    async (method) => {
      const params = { taskId: UNKNOWN_TASK_ID, ...(method === 'tasks/update' && { inputResponses: {} }) };
      for (const capabilities of [{}, { tasks: {} }]) {
        const { error, httpStatus } = await caller(2026).request(method, params, { capabilities });
        expect({ error, httpStatus }).toMatchObject({
          httpStatus: 400,
          error: {
            code: -32021,
            data: { requiredCapabilities: { extensions: { 'io.modelcontextprotocol/tasks': {} } } },
          },
        });
      }
    },
  );
});

describe('tools/call with a task in 2025-11-25', () => {
  const call = (task: string, args = '{"seconds":0}', tool = 'slow_compute') =>
    postRaw(
      server.url,
      `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"${tool}","arguments":${args},"task":${task}}}`,
      { token: alice, headers: { 'mcp-protocol-version': REVISION[2025] } },
    );
  const errorOf = async (response: Response): Promise<WireError> => {
    const text = await response.text();
    const json = text.startsWith('{') ? text : (/^data: ?(\{.*)$/m.exec(text)?.[1] ?? '');
    return (JSON.parse(json) as { error: WireError }).error;
  };

  it.each(['-1', '0', '1.5', '1e300', '9007199254740993', '"NaN"', 'null', '"60000"', '[]', '{}'])(
    '[INTG-09] refuses the ttl %s, naming it',
    async (ttl) => {
      const error = await errorOf(await call(`{"ttl":${ttl}}`));
      expect(error).toMatchObject({ code: INVALID_PARAMS, message: containing('ttl') });
      expect(await listIds(caller(2025))).toEqual([]);
    },
  );

  it.each(['5', '"x"', '[]', 'true'])('refuses the task %s, naming it', async (task) => {
    const error = await errorOf(await call(task));
    expect(error).toMatchObject({ code: INVALID_PARAMS, message: containing('task') });
    expect(await listIds(caller(2025))).toEqual([]);
  });

  it.each([
    ['{}', 'seconds'],
    ['{"seconds":"soon"}', 'seconds'],
    ['{"seconds":-1}', 'seconds'],
    ['{"seconds":1,"label":5}', 'label'],
    ['[]', 'arguments'],
  ])('refuses the arguments %s, naming %s, and makes no task', async (args, field) => {
    const error = await errorOf(await call('{}', args));
    expect(error).toMatchObject({ code: INVALID_PARAMS, message: containing(field) });
    expect(await listIds(caller(2025))).toEqual([]);
  });

  it('[INTG-03] refuses a tool that cannot be a task, and one that must be without a task', async () => {
    const greet = await caller(2025).request('tools/call', { name: 'greet', arguments: { name: 'A' }, task: {} });
    expect(greet.error?.code).toBe(METHOD_NOT_FOUND);
    const required = await caller(2025).request('tools/call', { name: 'failing_job', arguments: {} });
    expect(required.error?.code).toBe(METHOD_NOT_FOUND);
  });
});

describe('tools/call in 2026-07-28', () => {
  it('answers bad arguments as the SDK does, and makes no task', async () => {
    const { result } = await caller(2026).request('tools/call', {
      name: 'slow_compute',
      arguments: { seconds: 'soon' },
    });
    expect(result).toMatchObject({ isError: true });
    expect(result.taskId).toBeUndefined();
    expect(JSON.stringify(result)).toContain('seconds');
    expect(await listIds(caller(2025))).toEqual([]);
  });

  it('ignores params.task', async () => {
    const params = { name: 'greet', arguments: { name: 'Ada' }, task: { ttl: -1 } };
    const { result } = await caller(2026).request('tools/call', params);
    expect(result.content).toEqual([{ type: 'text', text: 'Hello, Ada!' }]);
  });

  it('refuses a required tool to a client without the extension', async () => {
    const { error, httpStatus } = await caller(2026).request(
      'tools/call',
      { name: 'failing_job', arguments: {} },
      { capabilities: {} },
    );
    expect({ code: error?.code, httpStatus }).toEqual({ code: -32021, httpStatus: 400 });
  });
});

describe.each(GENERATIONS)('sizes and depths in %i', (generation) => {
  it('takes a string of 1 MB and gives it back', async () => {
    const label = 'é'.repeat(500_000);
    const owner = caller(generation);
    const { taskId } = await owner.startTask('slow_compute', { seconds: 0, label });
    const { result } = await finish(owner, server.url, taskId, {}, { token: alice });
    expect(result?.content).toEqual([{ type: 'text', text: `done: ${label}` }]);
  });

  it('refuses arguments of more than 1 MiB and makes no task', async () => {
    const task = generation === 2025 ? { task: {} } : {};
    const { error } = await caller(generation).request('tools/call', {
      name: 'slow_compute',
      arguments: { seconds: 0, label: 'x'.repeat(MEBIBYTE) },
      ...task,
    });
    expect(error).toMatchObject({ code: INVALID_PARAMS, data: { code: 'ARGUMENTS_TOO_LARGE' } });
    expect(await listIds(caller(2025))).toEqual([]);
  });

  it('refuses a body beyond the limit of the SDK with 413', async () => {
    const response = await postRaw(server.url, `"${'x'.repeat(5 * MEBIBYTE)}"`, { token: alice });
    expect(response.status).toBe(413);
  });

  it.each([1_000, 100_000])('survives arguments of depth %i', async (depth) => {
    const body = JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: {
        name: 'slow_compute',
        ...(generation === 2025 && { task: {} }),
        _meta: {
          deep: 'DEEP',
          ...(generation === 2026 && {
            'io.modelcontextprotocol/protocolVersion': REVISION[2026],
            'io.modelcontextprotocol/clientInfo': { name: 'raw', version: '1' },
            'io.modelcontextprotocol/clientCapabilities': { extensions: { 'io.modelcontextprotocol/tasks': {} } },
          }),
        },
        arguments: { seconds: 0, deep: 'DEEP' },
      },
    }).replaceAll('"DEEP"', nested(depth));
    const response = await postRaw(server.url, body, {
      token: alice,
      headers: {
        'mcp-protocol-version': REVISION[generation],
        ...(generation === 2026 && { 'mcp-method': 'tools/call', 'mcp-name': 'slow_compute' }),
      },
    });
    expect(await response.text()).not.toMatch(/at .*\.js|node_modules/);
  });
});

describe('bodies that are no requests', () => {
  it.each([
    ['', [400]],
    ['{', [400]],
    ['null', [400]],
    ['[]', [400]],
    ['"tasks/get"', [400]],
    ['{"jsonrpc":"1.0","id":1,"method":"tasks/get"}', [400]],
    ['{"jsonrpc":"2.0","id":{},"method":"tasks/get"}', [400]],
    ['{"jsonrpc":"2.0","id":1,"method":5}', [400]],
    ['{"jsonrpc":"2.0","id":1,"method":"tasks/get","params":[]}', [200, 400]],
    ['{"jsonrpc":"2.0","id":"task:x:y","result":{"action":"accept"}}', [202, 400]],
    ['{"jsonrpc":"2.0","id":"task::","error":{"code":1,"message":"m"}}', [202, 400]],
    ['{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":99}}', [202]],
  ])('answers %j with an HTTP status of its own kind', async (body, statuses) => {
    const response = await postRaw(server.url, body, { token: alice });
    expect(statuses).toContain(response.status);
    expect(await response.text()).not.toMatch(/at .*\.js|node_modules/);
  });

  it('refuses another content type and invalid UTF-8', async () => {
    const typed = await postRaw(server.url, '{}', { token: alice, headers: { 'content-type': 'text/plain' } });
    expect(typed.status).toBe(415);
    const bytes = await postRaw(server.url, new Uint8Array([0x22, 0xff, 0xfe, 0x22]), { token: alice });
    expect(bytes.status).toBe(400);
  });
});

describe('tasks/update in 2026-07-28', () => {
  const askTwice = async () => {
    const owner = caller(2026);
    const { taskId } = await owner.startTask('multi_input');
    await owner.pollUntil(taskId, 'input_required');
    return { owner, taskId };
  };
  const update = (owner: Caller, taskId: string, inputResponses: unknown) =>
    owner.request('tasks/update', { taskId, inputResponses });
  const openKeys = async (owner: Caller, taskId: string) =>
    Object.keys((await owner.request('tasks/get', { taskId })).result.inputRequests).toSorted();

  it('ignores unknown and repeated keys and takes answers one by one', async () => {
    const { owner, taskId } = await askTwice();
    expect((await update(owner, taskId, { unknown: accept({ name: 'X' }) })).error).toBeUndefined();
    expect(await openKeys(owner, taskId)).toEqual(['name', 'other']);
    expect((await update(owner, taskId, { name: accept({ name: 'Ada' }) })).error).toBeUndefined();
    expect((await update(owner, taskId, { name: accept({ name: 'Eve' }) })).error).toBeUndefined();
    expect((await update(owner, taskId, { other: accept({ name: 'Grace' }) })).error).toBeUndefined();
    const end = await finish(owner, server.url, taskId);
    expect(end.result?.content).toEqual([{ type: 'text', text: 'Ada and Grace' }]);
    expect((await update(owner, taskId, { name: accept({ name: 'Late' }) })).error).toBeUndefined();
  });

  it.each([
    ['content of the wrong type', accept({ name: 5 })],
    ['content without the field', accept({})],
    ['no content', { action: 'accept' }],
    ['an unknown action', { action: 'maybe' }],
    ['no action', {}],
  ])('refuses an answer with %s as a whole, naming its key', async (_what, answer) => {
    const { owner, taskId } = await askTwice();
    const refused = await update(owner, taskId, { other: accept({ name: 'Grace' }), name: answer });
    expect(refused.error).toMatchObject({ code: INVALID_PARAMS, message: containing('name') });
    expect(await openKeys(owner, taskId)).toEqual(['name', 'other']);
  });

  it.each([[5], ['x'], [null], [[]]])('refuses inputResponses of %j', async (inputResponses) => {
    const { owner, taskId } = await askTwice();
    const { error } = await update(owner, taskId, inputResponses);
    expect(error).toMatchObject({ code: INVALID_PARAMS, message: containing('inputResponses') });
    expect(await openKeys(owner, taskId)).toEqual(['name', 'other']);
  });

  it('[SEC-02] takes no answer from another user', async () => {
    const { owner, taskId } = await askTwice();
    const { error } = await update(caller(2026, bob), taskId, { name: accept({ name: 'Bob' }) });
    expect(error?.code).toBe(INVALID_PARAMS);
    expect(await openKeys(owner, taskId)).toEqual(['name', 'other']);
  });
});

describe('tasks/list in 2025-11-25', () => {
  it.each(['', 'garbage', 'a'.repeat(10_000), 'eyJhIjoxfQ==', '\u0000'])('refuses the cursor %#', async (cursor) => {
    const { error } = await caller(2025).request('tasks/list', { cursor });
    expect(error).toMatchObject({ code: INVALID_PARAMS, data: { code: 'INVALID_CURSOR' } });
  });

  it.each([[5], [null], [{}]])('refuses the cursor %j, naming it', async (cursor) => {
    const { error } = await caller(2025).request('tasks/list', { cursor });
    expect(error).toMatchObject({ code: INVALID_PARAMS, message: containing('cursor') });
  });

  it('[SEC-03] refuses the cursor of another user', async () => {
    const owner = caller(2025);
    for (let n = 0; n < 51; n += 1) {
      const { taskId } = await owner.startTask('structured', { n });
      await owner.pollUntil(taskId, 'completed');
    }
    const { nextCursor, tasks } = (await owner.request('tasks/list')).result;
    expect(tasks).toHaveLength(50);
    expect((await owner.request('tasks/list', { cursor: nextCursor })).result.tasks).toHaveLength(1);
    const { error } = await caller(2025, bob).request('tasks/list', { cursor: nextCursor });
    expect(error).toMatchObject({ code: INVALID_PARAMS, data: { code: 'INVALID_CURSOR' } });
    expect((await caller(2025, bob).request('tasks/list')).result.tasks).toEqual([]);
  });
});

describe('limits', () => {
  it('[SEC-04] refuses the sixth active task of a user, in both generations, and nobody else', async () => {
    const started: WireResult[] = [];
    for (let n = 0; n < 5; n += 1) started.push(await caller(2026).startTask('slow_compute', { seconds: 60 }));
    for (const generation of GENERATIONS) {
      const { error } = await caller(generation).request('tools/call', {
        name: 'slow_compute',
        arguments: { seconds: 60 },
        ...(generation === 2025 && { task: {} }),
      });
      expect(error).toMatchObject({ code: INVALID_PARAMS, data: { code: 'TASK_QUOTA_EXCEEDED' } });
      await caller(generation, bob).startTask('structured', { n: 1 });
    }
    await caller(2026).request('tasks/cancel', { taskId: started[0]?.taskId });
    const again = await caller(2026).startTask('slow_compute', { seconds: 60 });
    for (const { taskId } of [...started.slice(1), again]) await caller(2026).request('tasks/cancel', { taskId });
  });
});
