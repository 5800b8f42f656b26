import { contractCases, type StoreHarness } from '@mcp-tasks/store-kit';
import { checkpoint, newTask, NOW_MS, stored } from '@mcp-tasks/store-testing';
import type { OwnServer } from '@mcp-tasks/store-testing/vitest';
import { Cluster } from 'ioredis';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { redisStore } from '../src/index.ts';
import { ownCluster } from './support/own-cluster.ts';
import { describeWithPrograms } from './support/own-server.ts';
import { keysOf, newName, withRedis } from './support/redis.ts';

/** Every method in every order, and what several connections do at once. */
const CASES = [
  'agrees',
  'open-together',
  'close-settles',
  'renew-moves',
  'sweep-all-of-it',
  'watch-hints',
  'owners-apart',
];

describeWithPrograms('a cluster', () => {
  let servers: readonly OwnServer[] = [];
  beforeAll(async () => {
    servers = await ownCluster(3);
  });
  afterAll(() => Promise.all(servers.map((server) => server.remove())));

  /** A client of the whole cluster, which the store does not close. */
  const newCluster = () => new Cluster(servers.map(({ port }) => ({ host: '127.0.0.1', port })));

  const harness: StoreHarness = {
    hasServerTime: true,
    async create() {
      const name = newName();
      const clusters: Cluster[] = [];
      return {
        async connect() {
          const client = newCluster();
          clusters.push(client);
          const store = redisStore({ client, name });
          await store.open?.();
          return store;
        },
        async destroy() {
          for (const cluster of clusters) cluster.disconnect();
        },
      };
    },
  };

  it.each(CASES)('holds the contract: %s', async (id) => {
    const found = contractCases.find((contractCase) => contractCase.id === id);
    expect(found).toBeDefined();
    await found?.run(harness);
  });

  it('keeps all keys of a store on one slot, and other names elsewhere', async () => {
    const client = newCluster();
    onTestFinished(() => {
      client.disconnect();
    });
    const slots: Record<string, readonly number[]> = {};
    for (const name of ['tasks 1', 'tasks 2']) {
      const store = redisStore({ client, name });
      await store.open?.();
      const entries = [{ kind: 'call' as const, name: 'a:b', value: '{}' }];
      const head = await stored(store, { owner: 'own:er', handler: 'to:ol' }, entries);
      await store.create(newTask({ owner: '{other}' }, { idempotencyKey: '{key}:1' }));
      await store.update(checkpoint(head, '{a}'));
      await store.list({ owner: 'own:er', limit: 5, nowMs: NOW_MS });
      const keys = (await Promise.all(servers.map(({ url }) => keysOf(name, url)))).flat();
      expect(keys.length).toBeGreaterThan(12);
      const found = await withRedis(
        (redis) => Promise.all(keys.map((key) => redis.cluster('KEYSLOT', key))),
        servers[0]?.url,
      );
      slots[name] = [...new Set(found)];
      await store.close();
    }
    expect(Object.values(slots).map((each) => each.length)).toEqual([1, 1]);
    expect(slots['tasks 1']).not.toEqual(slots['tasks 2']);
  });

  it('tells the time of the server that holds the store, also where another one runs no command', async () => {
    const client = newCluster();
    onTestFinished(() => {
      client.disconnect();
    });
    // Each name is on one of the three, and every server is asked by one of them.
    const stores = Array.from({ length: 12 }, (_, index) => redisStore({ client, name: `clock ${index}` }));
    for (const store of stores) await store.open?.();
    const calls = async () => {
      const stats = await Promise.all(servers.map(({ url }) => withRedis((redis) => redis.info('commandstats'), url)));
      return stats.map((text) => Number(/cmdstat_evalsha:calls=(\d+)/.exec(text)?.[1] ?? 0));
    };
    for (const store of stores) {
      const before = await calls();
      for (let count = 0; count < 5; count += 1) {
        expect(Math.abs(((await store.serverTimeMs?.()) ?? 0) - Date.now())).toBeLessThan(60_000);
      }
      const grown = (await calls()).map((count, index) => count - (before[index] ?? 0));
      expect(grown.sort((one, other) => one - other)).toEqual([0, 0, 5]);
    }
  });
});
