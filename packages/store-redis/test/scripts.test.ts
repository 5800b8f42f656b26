import { TASK_ENTRY_KINDS, type TaskStore } from '@mcp-tasks/store';
import { countingProxy } from '@mcp-tasks/store-kit/fakes';
import { checkpoint, newTask, NOW_MS, stored } from '@mcp-tasks/store-testing';
import { expect, it, onTestFinished } from 'vitest';
import { describeWithPrograms, ownServer } from './support/own-server.ts';
import { openStore, withRedis } from './support/redis.ts';

/** A store on a server of its own, and how many commands a call makes that server run, inside of scripts too. */
async function counted() {
  const server = await ownServer({ settings: ['appendfsync no'] });
  onTestFinished(() => server.remove());
  const store = await openStore({ url: server.url, name: 'tasks' });
  const commandsOf = async (call: () => Promise<unknown>): Promise<number> =>
    withRedis(async (redis) => {
      await redis.config('RESETSTAT');
      await call();
      const stats = await redis.info('commandstats');
      const counts = [...stats.matchAll(/^cmdstat_([a-z|]+):calls=(\d+)/gm)];
      const ours = counts.filter(([, name = '']) => !/^(info|config|client|hello|evalsha|ping)/.test(name));
      return ours.reduce((sum, [, , calls]) => sum + Number(calls), 0);
    }, server.url);
  return { store, commandsOf };
}

const createOne =
  (store: TaskStore, owner = 'owner') =>
  () =>
    store.create(newTask({ owner }));

describeWithPrograms('a server that has never seen a script', () => {
  it('is given them when a store is opened, so that each first call is one round trip too', async () => {
    const server = await ownServer();
    onTestFinished(() => server.remove());
    const proxy = await countingProxy({ host: '127.0.0.1', port: server.port });
    onTestFinished(() => proxy.close());
    const store = await openStore({ url: `redis://127.0.0.1:${proxy.port}`, name: 'tasks' });
    const before = proxy.cost().operations;
    const head = await stored(store);
    await store.update(checkpoint(head, 'a'));
    await store.get({ taskIds: [head.taskId], kinds: [], nowMs: NOW_MS });
    await store.list({ owner: 'owner', limit: 1, nowMs: NOW_MS });
    expect(proxy.cost().operations - before).toBe(4);
  });
});

describeWithPrograms('the commands of a script', () => {
  it('[INTG-07][INTG-09] are as many for a task among thousands as for the first', async () => {
    const { store, commandsOf } = await counted();
    const alone = await stored(store, { taskId: 'alone' });
    const calls: Record<string, (at: 'few' | 'many') => Promise<unknown>> = {
      create: createOne(store),
      update: (at) => store.update({ ...checkpoint(alone, 'a'), expectedVersion: at === 'few' ? 1 : 2 }),
      get: () => store.get({ taskIds: ['alone'], kinds: TASK_ENTRY_KINDS, nowMs: NOW_MS }),
      list: () => store.list({ owner: 'owner', limit: 1, nowMs: NOW_MS }),
      due: () => store.due({ handlers: ['tool'], limit: 2, nowMs: NOW_MS }),
      'a sweep that finds nothing': () => store.deleteExpired({ nowMs: NOW_MS, limit: 100 }),
    };
    const few: Record<string, number> = {};
    const many: Record<string, number> = {};
    for (const [name, call] of Object.entries(calls)) few[name] = await commandsOf(() => call('few'));
    for (let count = 0; count < 3_000; count += 100) {
      await Promise.all(Array.from({ length: 100 }, createOne(store)));
      await Promise.all(Array.from({ length: 100 }, createOne(store, `owner ${count}`)));
    }
    for (const [name, call] of Object.entries(calls)) many[name] = await commandsOf(() => call('many'));
    expect(many).toEqual(few);
    expect(Math.max(...Object.values(few))).toBeLessThan(40);
  });

  it('[DURA-03] are a handful for each lease that is renewed, of hundreds', async () => {
    const { store, commandsOf } = await counted();
    const heads = await Promise.all(Array.from({ length: 500 }, () => stored(store)));
    const leases = heads.map(({ taskId }) => ({ taskId, attempt: 0, holder: 'process-1' }));
    const renew = async () => {
      expect(await store.renew({ leases, dueAtMs: NOW_MS + 5, nowMs: NOW_MS })).toHaveLength(500);
    };
    expect(await commandsOf(renew)).toBeLessThanOrEqual(5 * 500);
  });
});
