import { memoryStore } from '@mcp-tasks/store';
import { expect, it } from 'vitest';
import { checkpoint, isRetryable, lostBy, NOW_MS, startLoad, stored, until } from '../src/index.ts';

it('a load on a store that keeps everything loses nothing, and fails at nothing', async () => {
  const store = memoryStore();
  const load = startLoad([store, store]);
  await until('writes', () => load.acknowledged.size >= 20);
  await load.stop();
  expect(load.failures).toEqual([]);
  expect(await lostBy(store, load.acknowledged)).toEqual([]);
});

it('what a store lost is told: a task, a write, an entry', async () => {
  const store = memoryStore();
  const [old, torn] = [await stored(store, { taskId: 'old' }), await stored(store, { taskId: 'torn' })];
  await store.update({ ...checkpoint(torn, 'a'), patch: { head: {} } });
  const acknowledged = new Map([
    ['gone', 1],
    [old.taskId, 2],
    [torn.taskId, 2],
  ]);
  expect(await lostBy(store, acknowledged)).toEqual(['gone is gone', 'old is at 1, not 2', 'torn has 0 entries']);
});

it('a failure that does not say that it may be sent again is not retryable', async () => {
  const store = memoryStore();
  await store.close();
  const error: unknown = await store
    .get({ taskIds: ['a'], kinds: [], nowMs: NOW_MS })
    .catch((reason: unknown) => reason);
  expect([isRetryable(error), isRetryable(new TypeError('other'))]).toEqual([false, false]);
});
