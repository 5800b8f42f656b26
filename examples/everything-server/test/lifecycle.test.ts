import { describe, expect, it } from 'vitest';
import { accept, finish } from './conversation.ts';
import { type Caller, callerOf, GENERATIONS, serverOf, TERMINAL } from './raw-client.ts';

const INVALID_PARAMS = -32602;
const METHOD_NOT_FOUND = -32601;
const IDEMPOTENCY_KEY = 'io.github.mcp-tasks/idempotency-key';
const RELATED_TASK = 'io.modelcontextprotocol/related-task';
const THIRTY_DAYS_MS = 30 * 24 * 60 * 60 * 1_000;

const codesOf = async (answer: ReturnType<Caller['request']>) => {
  const { error } = await answer;
  return [error?.code, (error?.data as { code?: string } | undefined)?.code];
};

describe.each(GENERATIONS)('the life of a task in %i', (generation) => {
  it('[INTG-04] begins with a handle while the tool still works', async () => {
    const { url } = await serverOf();
    const caller = callerOf(generation, url);
    const created = await caller.startTask('slow_compute', { seconds: 3_600 });
    expect(created.status).toBe('working');
    expect((await caller.request('tasks/get', { taskId: created.taskId })).result.status).toBe('working');
  });

  it('[INTG-08] ends when it is cancelled, once', async () => {
    const { url } = await serverOf();
    const caller = callerOf(generation, url);
    const { taskId } = await caller.startTask('slow_compute', { seconds: 3_600 });
    const cancelled = await caller.request('tasks/cancel', { taskId });
    expect(cancelled.error).toBeUndefined();
    expect((await caller.request('tasks/get', { taskId })).result.status).toBe('cancelled');
    const again = await caller.request('tasks/cancel', { taskId });
    if (generation === 2025) {
      expect(cancelled.result).toMatchObject({ taskId, status: 'cancelled' });
      expect(again.error?.code).toBe(INVALID_PARAMS);
      expect(await codesOf(caller.request('tasks/result', { taskId }))).toEqual([INVALID_PARAMS, 'TASK_CANCELLED']);
    } else {
      expect(cancelled.result).not.toHaveProperty('taskId');
      expect(again.error).toBeUndefined();
    }
  });

  it('frees the place of a cancelled task', async () => {
    const { url } = await serverOf({ MAX_ACTIVE_TASKS: '1' });
    const caller = callerOf(generation, url);
    for (let n = 0; n < 3; n += 1) {
      const { taskId } = await caller.startTask('slow_compute', { seconds: 3_600 });
      expect((await caller.request('tasks/cancel', { taskId })).error).toBeUndefined();
    }
  });

  it('[INTG-09] is over at the end of its time, and looks like one that never was', async () => {
    const { url } = await serverOf({ DEFAULT_TTL_MS: '300' });
    const caller = callerOf(generation, url);
    const { taskId } = await caller.startTask('slow_compute', { seconds: 3_600 });
    await expect
      .poll(() => codesOf(caller.request('tasks/get', { taskId })))
      .toEqual([INVALID_PARAMS, 'TASK_NOT_FOUND']);
  });

  it('[INTG-09] of 30 days is not over at once', async () => {
    const { url } = await serverOf({ DEFAULT_TTL_MS: `${THIRTY_DAYS_MS}`, MAX_TTL_MS: `${THIRTY_DAYS_MS}` });
    const caller = callerOf(generation, url);
    const created = await caller.startTask('slow_compute', { seconds: 0.2 });
    expect(created).toHaveProperty(generation === 2025 ? 'ttl' : 'ttlMs', THIRTY_DAYS_MS);
    expect((await caller.pollUntil(created.taskId, ...TERMINAL)).status).toBe('completed');
  });

  it('[SEC-05] is no longer than MAX_TTL_MS', async () => {
    const { url } = await serverOf({ MAX_TTL_MS: '5000', DEFAULT_TTL_MS: '60000' });
    const created = await callerOf(generation, url).startTask('slow_compute', { seconds: 3_600 });
    expect(created).toHaveProperty(generation === 2025 ? 'ttl' : 'ttlMs', 5_000);
  });

  it('goes on after a question that waited longer than PARK_AFTER_MS', async () => {
    const { url } = await serverOf({ PARK_AFTER_MS: '0' });
    const caller = callerOf(generation, url);
    const { taskId } = await caller.startTask('confirm_delete', { filename: 'a.txt' });
    await caller.pollUntil(taskId, 'input_required');
    const answer = accept({ confirm: true });
    const { result } = await finish(caller, url, taskId, { confirm: answer, 'Delete a.txt?': answer });
    expect(result?.content).toEqual([{ type: 'text', text: 'deleted a.txt' }]);
  });

  it('is one task for two calls with one idempotency key of an owner; anonymous callers have none', async () => {
    const { url } = await serverOf({ TOKENS: 'alice' });
    const caller = callerOf(generation, url, { token: 'alice' });
    const call = (tool: string, seconds: number) =>
      caller.request('tools/call', {
        name: tool,
        arguments: { seconds },
        _meta: { [IDEMPOTENCY_KEY]: 'once' },
        ...(generation === 2025 && { task: {} }),
      });
    const ids = await Promise.all(
      [1, 2, 3].map(async () => {
        const { result } = await call('slow_compute', 60);
        return generation === 2025 ? result.task.taskId : result.taskId;
      }),
    );
    expect(new Set(ids).size).toBe(1);
    expect(await codesOf(call('slow_compute', 61))).toEqual([INVALID_PARAMS, 'IDEMPOTENCY_KEY_REUSED']);
    const shared = callerOf(generation, (await serverOf()).url);
    const keyed = {
      name: 'slow_compute',
      arguments: { seconds: 60 },
      _meta: { [IDEMPOTENCY_KEY]: 'once' },
      ...(generation === 2025 && { task: {} }),
    };
    expect(await codesOf(shared.request('tools/call', keyed))).toEqual([INVALID_PARAMS, 'TASK_OWNER_REQUIRED']);
  });

  it('[SEC-08] has an id that nobody can guess', async () => {
    const { url } = await serverOf();
    const caller = callerOf(generation, url);
    const created = await Promise.all([1, 2, 3].map((n) => caller.startTask('structured', { n })));
    for (const { taskId } of created) {
      expect(taskId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    }
    expect(new Set(created.map(({ taskId }) => taskId)).size).toBe(3);
  });
});

describe('in 2025-11-25', () => {
  it('[INTG-06] tasks/result waits for the end and answers what the call would have', async () => {
    const { url } = await serverOf();
    const caller = callerOf(2025, url);
    const { taskId } = await caller.startTask('slow_compute', { seconds: 0.3, label: 'waited' });
    const { result } = await caller.request('tasks/result', { taskId });
    expect(result).toEqual({
      content: [{ type: 'text', text: 'done: waited' }],
      _meta: { [RELATED_TASK]: { taskId } },
    });
  });

  it('[INTG-06] tasks/result of a task that expires meanwhile says that there is none', async () => {
    const { url } = await serverOf({ DEFAULT_TTL_MS: '300' });
    const caller = callerOf(2025, url);
    const { taskId } = await caller.startTask('slow_compute', { seconds: 3_600 });
    expect(await codesOf(caller.request('tasks/result', { taskId }))).toEqual([INVALID_PARAMS, 'TASK_NOT_FOUND']);
  });

  it('[INTG-09] grants the ttl that was asked for, up to the limit', async () => {
    const { url } = await serverOf({ MAX_TTL_MS: '600000' });
    const caller = callerOf(2025, url);
    for (const [asked, granted] of [
      [1_000, 1_000],
      [900_000, 600_000],
    ]) {
      const call = { name: 'slow_compute', arguments: { seconds: 60 }, task: { ttl: asked } };
      expect((await caller.request('tools/call', call)).result.task).toMatchObject({ ttl: granted });
    }
  });

  it('shows a tool that failed as a failed task, with what it said', async () => {
    const { url } = await serverOf();
    const caller = callerOf(2025, url);
    const { taskId } = await caller.startTask('failing_job');
    const task = await caller.pollUntil(taskId, ...TERMINAL);
    expect(task).toMatchObject({ status: 'failed', statusMessage: 'failing_job failed' });
  });

  it('[SEC-07] neither declares nor serves tasks/list to anonymous callers', async () => {
    const { url } = await serverOf();
    const caller = callerOf(2025, url);
    expect((await caller.request('tasks/list')).error?.code).toBe(METHOD_NOT_FOUND);
    const clientInfo = { name: 'raw', version: '1' };
    const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo };
    const { result } = await caller.request('initialize', params);
    expect(result.capabilities.tasks).toEqual({ cancel: {}, requests: { tools: { call: {} } } });
  });
});

describe('without a task', () => {
  it.each(GENERATIONS)('a tool that may be a task answers at once in %i, errors included', async (generation) => {
    const { url } = await serverOf();
    const caller = callerOf(generation, url);
    const deviation = { capabilities: {} };
    const call = (name: string, args = {}) => caller.request('tools/call', { name, arguments: args }, deviation);
    expect((await call('slow_compute', { seconds: 0, label: 'x' })).result.content).toEqual([
      { type: 'text', text: 'done: x' },
    ]);
    expect((await call('wide_effects', { n: 100 })).result.content).toEqual([{ type: 'text', text: 'wrote 100' }]);
    expect((await call('protocol_error_job')).error).toMatchObject({
      code: -32603,
      message: 'protocol_error_job failed',
    });
  });
});
