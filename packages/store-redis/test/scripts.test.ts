import { newWriteId, TASK_ENTRY_KINDS, type TaskStore } from '@mcp-tasks/store';
import { countingProxy } from '@mcp-tasks/store-kit/fakes';
import { checkpoint, claimOf, HELD, leaseOf, newTask, NOW_MS, stored } from '@mcp-tasks/store-testing';
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
    const first = checkpoint(alone, 'a');
    await store.update(first);
    const second = { ...checkpoint(alone, 'b'), expected: { version: 2, writeId: first.writeId } };
    const third = { ...checkpoint(alone, 'c'), expected: { version: 3, writeId: second.writeId } };
    const calls: Record<string, (at: 'few' | 'many') => Promise<unknown>> = {
      create: createOne(store),
      update: (at) => store.update(at === 'few' ? second : third),
      get: () => store.get({ taskIds: ['alone'], kinds: TASK_ENTRY_KINDS, nowMs: NOW_MS }),
      list: () => store.list({ owner: 'owner', limit: 1, nowMs: NOW_MS }),
      due: () => store.due({ handlers: ['tool'], queues: [''], limit: 2, nowMs: NOW_MS }),
      'due of others': () => store.due({ handlers: { except: ['tool'] }, queues: [''], limit: 2, nowMs: NOW_MS }),
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
    const heads = await Promise.all(Array.from({ length: 500 }, () => stored(store, HELD)));
    const leases = heads.map(leaseOf);
    const renew = async () => {
      expect(await store.renew({ leases, leaseMs: 5, nowMs: NOW_MS })).toHaveLength(500);
    };
    expect(await commandsOf(renew)).toBeLessThanOrEqual(3 * 500);
  });

  it('[INTG-07][LIFE-05] are 14 at most for a create that is claimed already, and 12 for its completion', async () => {
    const { store, commandsOf } = await counted();
    await stored(store);
    const entries = [{ kind: 'call' as const, name: '', value: '{}' }];
    const task = newTask({ ...HELD, dueAtMs: NOW_MS + 60_000 }, { entries });
    expect(await commandsOf(() => store.create(task))).toBeLessThanOrEqual(14);
    const put = [{ kind: 'result' as const, name: '', value: '{}' }];
    const expiresAtMs = task.head.expiresAtMs + 60_000;
    const patch = { head: { status: 'completed' as const, holder: null, dueAtMs: null, expiresAtMs }, put };
    const completion = { taskId: task.head.taskId, expected: task.head, writeId: newWriteId(), patch, nowMs: NOW_MS };
    const complete = async () => {
      expect(await store.update(completion)).toMatchObject({ status: 'updated' });
    };
    expect(await commandsOf(complete)).toBeLessThanOrEqual(12);
  });

  it('[LIFE-05] of a claim are as many among thousands of due and sleeping tasks as among few', async () => {
    const { store, commandsOf } = await counted();
    const fill = async (handler: string, due: number, sleeping: number) => {
      for (let from = 0; from < due + sleeping; from += 100) {
        const some = Array.from({ length: Math.min(100, due + sleeping - from) }, (_, index) =>
          store.create(
            newTask({ handler, owner: `owner ${index % 10}`, dueAtMs: NOW_MS + (from + index < due ? 0 : 1_000_000) }),
          ),
        );
        await Promise.all(some);
      }
      // What has become due is put in order by the first claims, each task once.
      for (let moved = 0; moved < due; moved += 1_000) {
        await store.claim(claimOf({ handlers: [{ name: handler }], limit: 1, perOwner: 1 }));
      }
    };
    await fill('few', 40, 10);
    await fill('many', 3_000, 2_000);
    const claim = (handler: string) => async () => {
      const claimed = await store.claim(claimOf({ handlers: [{ name: handler }], limit: 5, perOwner: 1, kinds: [] }));
      expect(claimed.records).toHaveLength(5);
    };
    const few = await commandsOf(claim('few'));
    expect(await commandsOf(claim('many'))).toBe(few);
    expect(few).toBeLessThanOrEqual(80);
  });
});
