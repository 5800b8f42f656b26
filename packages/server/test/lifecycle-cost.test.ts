import { createTasks } from '@mcp-tasks/runner';
import { inspect } from '@mcp-tasks/runner/testing';
import { memoryStore, type TaskStore } from '@mcp-tasks/store';
import type { JsonObject } from '@mcp-tasks/wire';
import { describe, expect, it } from 'vitest';
import { connectTestClient, type TestClient } from '../src/testing.ts';

const ROUNDS = 100;

/** The store, with its calls counted by method. */
function countedStore(): { store: TaskStore; calls: Record<string, number> } {
  const calls: Record<string, number> = {};
  const store = new Proxy(memoryStore(), {
    get(target, name, receiver) {
      const member: unknown = Reflect.get(target, name, receiver);
      if (typeof member !== 'function') return member;
      return (...parameters: unknown[]) => {
        calls[String(name)] = (calls[String(name)] ?? 0) + 1;
        return Reflect.apply(member, target, parameters) as unknown;
      };
    },
  });
  return { store, calls };
}

const LIFECYCLES: Record<TestClient['generation'], (client: TestClient) => Promise<JsonObject>> = {
  '2025-11-25': async (client) => {
    const { task } = await client.request('tools/call', { name: 'task', arguments: {}, task: {} });
    const { taskId } = task as JsonObject;
    await client.request('tasks/get', { taskId });
    return client.request('tasks/result', { taskId });
  },
  '2026-07-28': async (client) => {
    const { taskId } = await client.request('tools/call', { name: 'task', arguments: {} });
    await client.request('tasks/get', { taskId });
    return (await client.request('tasks/get', { taskId }))['result'] as JsonObject;
  },
};

describe.each(['2025-11-25', '2026-07-28'] as const)('a lifecycle of three requests in %s', (generation) => {
  it('costs one create, a result, and a read for each look', async () => {
    const { store, calls } = countedStore();
    const tasks = createTasks({ store, limits: { maxActiveTasks: ROUNDS, maxStoredTasks: ROUNDS } });
    tasks.tool('task', {}, () => ({ content: [{ type: 'text', text: 'done' }] }));
    const client = await connectTestClient(tasks, { generation });
    for (let n = 0; n < ROUNDS; n++) {
      expect(await LIFECYCLES[generation](client)).toMatchObject({ content: [{ text: 'done' }] });
    }
    await client.close();
    expect(calls).toMatchObject({ create: ROUNDS, update: ROUNDS, claim: 1 });
    // Two looks; what is told unasked may read once more, and so may who waits.
    expect(calls['get']).toBeLessThanOrEqual(4 * ROUNDS);
    await tasks.close();
    expect(inspect(tasks)).toMatchObject({ runs: 0, timers: 0, waiters: 0 });
  });
});
