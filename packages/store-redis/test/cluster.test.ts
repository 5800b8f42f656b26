import { contractCases, type StoreHarness } from '@mcp-tasks/store-kit';
import { Cluster } from 'ioredis';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { redisStore } from '../src/index.ts';
import { describeWithPrograms, type OwnServer, ownServer } from './support/own-server.ts';
import { keysOf, newName, withRedis } from './support/redis.ts';
import { checkpoint, newTask, NOW_MS, stored } from './support/tasks.ts';
import { until } from './support/until.ts';

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
  let server: OwnServer;
  beforeAll(async () => {
    server = await ownServer({ settings: ['cluster-enabled yes', 'cluster-announce-ip 127.0.0.1'] });
    await withRedis(async (redis) => {
      await redis.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
      await until('a cluster that is whole', async () => (await redis.cluster('INFO')).includes('cluster_state:ok'));
    }, server.url);
  });
  afterAll(() => server.remove());

  /** A client of the whole cluster, which the store does not close. */
  const newCluster = () => new Cluster([{ host: '127.0.0.1', port: server.port }]);

  const harness: StoreHarness = {
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
      const keys = await keysOf(name, server.url);
      expect(keys.length).toBeGreaterThan(12);
      const found = await withRedis(
        (redis) => Promise.all(keys.map((key) => redis.cluster('KEYSLOT', key))),
        server.url,
      );
      slots[name] = [...new Set(found)];
      await store.close();
    }
    expect(Object.values(slots).map((each) => each.length)).toEqual([1, 1]);
    expect(slots['tasks 1']).not.toEqual(slots['tasks 2']);
  });
});
