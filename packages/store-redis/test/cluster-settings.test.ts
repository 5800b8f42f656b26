import { stored, until } from '@mcp-tasks/store-testing';
import type { OwnServer } from '@mcp-tasks/store-testing/vitest';
import { Cluster } from 'ioredis';
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from 'vitest';
import { redisStore } from '../src/index.ts';
import { ownCluster } from './support/own-cluster.ts';
import { describeWithPrograms, ownServer } from './support/own-server.ts';
import { withRedis } from './support/redis.ts';

const LOOK_EVERY_MS = 60_000;

const setPolicy = ({ url }: OwnServer, policy: string) =>
  withRedis((redis) => redis.config('SET', 'maxmemory-policy', policy), url);

/** Let the test say when a minute is over. */
function stopTimer(): (minutes?: number) => Promise<unknown> {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  onTestFinished(() => {
    vi.useRealTimers();
  });
  return (minutes = 1) => vi.advanceTimersByTimeAsync(minutes * LOOK_EVERY_MS);
}

describeWithPrograms('the settings of a cluster', () => {
  let servers: readonly OwnServer[] = [];
  beforeAll(async () => {
    servers = await ownCluster(3);
  });
  afterAll(() => Promise.all(servers.map((server) => server.remove())));

  function storeOn() {
    const client = new Cluster(servers.map(({ port }) => ({ host: '127.0.0.1', port })));
    const warnings: string[] = [];
    const store = redisStore({ client, name: 'tasks', onWarning: (message) => warnings.push(message) });
    onTestFinished(async () => {
      await store.close();
      client.disconnect();
    });
    return { store, warnings };
  }

  it.each([0, 1, 2])('are asked of every master: number %i, which may evict, is refused', async (index) => {
    const server = servers[index];
    if (server === undefined) throw new TypeError('there are three');
    await setPolicy(server, 'allkeys-lru');
    const { store } = storeOn();
    await expect(store.open?.()).rejects.toMatchObject({
      code: 'STORE_INCOMPATIBLE',
      message: `Redis at 127.0.0.1:${server.port} may evict tasks (maxmemory-policy "allkeys-lru"): set maxmemory-policy to "noeviction".`,
    });
    await setPolicy(server, 'noeviction');
    await store.open?.();
  });

  it('that are found later are told once, by the server’s name, and end nothing', async () => {
    const nextMinute = stopTimer();
    const { store, warnings } = storeOn();
    await store.open?.();
    const [, second, third] = servers;
    if (second === undefined || third === undefined) throw new TypeError('there are three');
    await nextMinute();
    await setPolicy(second, 'volatile-ttl');
    await until('a warning', async () => {
      await nextMinute();
      return warnings.length > 0;
    });
    expect(warnings).toEqual([
      `redisStore: Redis at 127.0.0.1:${second.port} may evict tasks (maxmemory-policy "volatile-ttl"): set maxmemory-policy to "noeviction".`,
    ]);
    await setPolicy(third, 'allkeys-lfu');
    await until('a warning', async () => {
      await nextMinute();
      return warnings.length > 1;
    });
    expect(warnings[1]).toContain(`127.0.0.1:${third.port}`);
    await stored(store);
    await setPolicy(second, 'noeviction');
    await setPolicy(third, 'noeviction');
    expect(warnings).toHaveLength(2);
  });
});

describeWithPrograms('the settings of one server', () => {
  it('that change later are told once, again after they were mended, and no more once the store is closed', async () => {
    const nextMinute = stopTimer();
    const server = await ownServer();
    onTestFinished(() => server.remove());
    const warnings: string[] = [];
    const store = redisStore({ url: server.url, onWarning: (message) => warnings.push(message) });
    onTestFinished(() => store.close());
    await store.open?.();
    /** The server was asked once more, and what it said was judged. */
    const look = async () => {
      const asked = async () => {
        const stats = await withRedis((redis) => redis.info('commandstats'), server.url);
        return Number(/cmdstat_config\|get:calls=(\d+)/.exec(stats)?.[1] ?? 0);
      };
      const before = await asked();
      await nextMinute();
      await until('three questions', async () => (await asked()) === before + 3);
      // Its answer came on the same connection before the answer to this.
      await store.serverTimeMs?.();
    };
    await look();
    await setPolicy(server, 'allkeys-lru');
    for (let minute = 0; minute < 3; minute += 1) await look();
    expect(warnings).toEqual([expect.stringMatching(/may evict tasks \(maxmemory-policy "allkeys-lru"\)/)]);
    await setPolicy(server, 'noeviction');
    await look();
    await setPolicy(server, 'allkeys-lru');
    await look();
    expect(warnings).toHaveLength(2);
    await store.close();
    await setPolicy(server, 'volatile-lru');
    expect(vi.getTimerCount()).toBe(0);
    expect(warnings).toHaveLength(2);
  });

  it('are told to a listener that throws, and nothing ends', async () => {
    const nextMinute = stopTimer();
    const server = await ownServer();
    onTestFinished(() => server.remove());
    const warned = new Promise<Error>((resolve) => process.once('warning', resolve));
    const onWarning = () => {
      throw new TypeError('a listener that throws');
    };
    const store = redisStore({ url: server.url, onWarning });
    onTestFinished(() => store.close());
    await store.open?.();
    await setPolicy(server, 'allkeys-lru');
    await nextMinute();
    expect(await warned).toMatchObject({ message: 'a listener that throws' });
    await stored(store);
  });
});
