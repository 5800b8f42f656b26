import { fakeClock, inspect } from '@mcp-tasks/runner/testing';
import type { JsonObject } from '@mcp-tasks/wire';
import { type AuthInfo, McpServer } from '@modelcontextprotocol/server';
import { expect, it, onTestFinished } from 'vitest';
import { serveTasks } from '../../src/index.ts';
import { HttpClient } from '../support/http-client.ts';
import { createTestTools, type TestTools } from '../support/test-tools.ts';

const TOKEN_LIFE_MS = 60_000;
/** The run of a task waits too. */
const waitersOf = ({ tasks }: TestTools) => inspect(tasks).waiters;

it.each([
  ['carries nothing but tasks', {}],
  ['carries what the SDK grants too', { toolsListChanged: true }],
])('a subscription that %s ends with its result when the token of its request expires', async (_what, others) => {
  const clock = fakeClock();
  const tools = createTestTools({ clock });
  const app = serveTasks(tools.tasks, () => new McpServer({ name: 'test', version: '0' }));
  onTestFinished(() => app.close({ drainMs: 0 }));
  const authInfo = (expiresAt?: number): AuthInfo => ({
    token: 't',
    clientId: 'app',
    scopes: [],
    extra: { sub: 'alice' },
    ...(expiresAt !== undefined && { expiresAt }),
  });
  // The keep-alive of a stream is a timer as well.
  const handler = app.http({ keepAliveMs: 0 });
  const client = new HttpClient(handler, { generation: '2026-07-28', authInfo: authInfo() });
  const taskId = (await client.result('tools/call', { name: 'hold', arguments: {} }))['taskId'] as string;
  const expiresAt = (clock.nowMs() + TOKEN_LIFE_MS) / 1_000;
  const short = new HttpClient(handler, { generation: '2026-07-28', authInfo: authInfo(expiresAt) });
  const left = await short.open('subscriptions/listen', { notifications: { ...others, taskIds: [taskId] } });
  const timers = clock.timers;
  await left.leave();
  await expect.poll(() => clock.timers).toBe(timers - 1);
  const stream = await short.open('subscriptions/listen', {
    notifications: { ...others, taskIds: [taskId] },
  });
  const acknowledged = (await stream.next()) as { params: JsonObject };
  expect(acknowledged.params['notifications']).toEqual({ ...others, taskIds: [taskId] });
  expect(await stream.next()).toMatchObject({ method: 'notifications/tasks', params: { taskId } });

  await clock.advance(TOKEN_LIFE_MS);
  const subscription = (acknowledged.params['_meta'] as JsonObject)['io.modelcontextprotocol/subscriptionId'];
  expect(await stream.next()).toMatchObject({
    id: subscription,
    result: { resultType: 'complete', _meta: { 'io.modelcontextprotocol/subscriptionId': subscription } },
  });
  expect(await stream.next()).toBeUndefined();
  expect(waitersOf(tools)).toBe(1);
  expect(await client.result('tasks/get', { taskId })).toMatchObject({ status: 'working' });
});

it('tasks/result over HTTP without a session ends with an error when the token of its request expires', async () => {
  const clock = fakeClock();
  const tools = createTestTools({ clock });
  const app = serveTasks(tools.tasks, () => new McpServer({ name: 'test', version: '0' }));
  onTestFinished(() => app.close({ drainMs: 0 }));
  const expiresAt = (clock.nowMs() + TOKEN_LIFE_MS) / 1_000;
  const authInfo = { token: 't', clientId: 'app', scopes: [], expiresAt, extra: { sub: 'alice' } };
  const client = new HttpClient(app.http(), { generation: '2025-11-25', authInfo });
  const created = await client.result('tools/call', { name: 'hold', arguments: {}, task: {} });
  const { taskId } = created['task'] as { taskId: string };
  await expect.poll(() => tools.runs).toEqual(['hold']);
  const timers = clock.timers;
  const waiting = client.request('tasks/result', { taskId });
  await expect.poll(() => clock.timers).toBeGreaterThan(timers);
  await clock.advance(TOKEN_LIFE_MS);
  const { error } = await waiting;
  expect(error).toMatchObject({ code: -32602, data: { code: 'AUTH_EXPIRED' } });
  expect(error?.message).toMatch(/new one/);
});
