import type { TaskStore } from '@mcp-tasks/store';
import { checkpoint, newTask, NOW_MS, stored, until } from '@mcp-tasks/store-testing';
import { Cluster, Redis } from 'ioredis';
import { expect, it, onTestFinished } from 'vitest';
import type { RedisStoreOptions } from '../src/index.ts';
import { ownCluster } from './support/own-cluster.ts';
import { describeWithPrograms, ownServer } from './support/own-server.ts';
import { openStore, withRedis } from './support/redis.ts';
import { switchingProxy } from './support/switching-proxy.ts';

const NAME = 'tasks';

/** A store behind a proxy, on a server (or a cluster of one) of its own. */
async function proxied(optionsFor: (port: number, serverPort: number) => RedisStoreOptions, isCluster = false) {
  const [server] = isCluster ? await ownCluster(1) : [await ownServer()];
  if (server === undefined) throw new TypeError('a server was made');
  onTestFinished(() => server.remove());
  const proxy = await switchingProxy(server.port);
  const store = await openStore({ ...optionsFor(proxy.port, server.port), name: NAME });
  /** How often scripts were run so far. */
  const runs = async () => {
    const stats = await withRedis((redis) => redis.info('commandstats'), server.url);
    return Number(/cmdstat_evalsha:calls=(\d+)/.exec(stats)?.[1] ?? 0);
  };
  /** Run a call whose answer is lost with its connection. */
  const losing = async <Value>(call: () => Promise<Value>): Promise<PromiseSettledResult<Value>> => {
    const before = await runs();
    proxy.passes = () => false;
    const called = call();
    const ended = Promise.allSettled([called]);
    await until('the call at the server', async () => (await runs()) > before);
    proxy.passes = () => true;
    proxy.breakConnections();
    const [end] = await ended;
    return end;
  };
  return { server, proxy, store, runs, losing };
}

const own = (port: number): RedisStoreOptions => ({ url: `redis://127.0.0.1:${port}` });

/** The settings that the README names for a client that is handed over. */
function handedOver(port: number): RedisStoreOptions {
  const client = new Redis(port, '127.0.0.1', { autoResendUnfulfilledCommands: false, maxRetriesPerRequest: 0 });
  client.on('error', () => undefined);
  onTestFinished(() => {
    client.disconnect();
  });
  return { client };
}

/** The same of a cluster, whose server is reached through the proxy. */
function cluster(port: number, serverPort: number): RedisStoreOptions {
  const client = new Cluster([{ host: '127.0.0.1', port }], {
    natMap: { [`127.0.0.1:${serverPort}`]: { host: '127.0.0.1', port } },
    retryDelayOnFailover: 0,
  });
  client.on('error', () => undefined);
  onTestFinished(() => {
    client.disconnect();
  });
  return { client };
}

const broken = { code: 'STORE_UNAVAILABLE', retryable: true, message: expect.stringMatching(/broke/) as string };

const versionOf = async (store: TaskStore, taskId: string) =>
  (await store.get({ taskIds: [taskId], kinds: [], nowMs: NOW_MS }))[0]?.head.version;

describeWithPrograms('a write whose answer was lost with its connection', () => {
  it.each([
    ['its own client', own, false],
    ['a client that was handed over with the settings of the README', handedOver, false],
    ['a cluster that was handed over with the settings of the README', cluster, true],
  ])('is sent once by %s, and fails at once as one that may be sent again', async (_client, optionsFor, isCluster) => {
    const { store, runs, losing } = await proxied(optionsFor, isCluster);
    // From now on the server knows the scripts.
    await store.update(checkpoint(await stored(store), 'a'));
    const head = await stored(store);
    await versionOf(store, head.taskId);
    const before = await runs();
    const write = checkpoint(head, 'a');
    const update = await losing(() => store.update(write));
    expect(update).toMatchObject({ status: 'rejected', reason: broken });
    expect(await versionOf(store, head.taskId)).toBe(2);
    const create = newTask();
    expect(await losing(() => store.create(create))).toMatchObject({ status: 'rejected', reason: broken });
    expect(await versionOf(store, create.head.taskId)).toBe(1);
    // Two writes and two reads.
    expect(await runs()).toBe(before + 4);
    // Sent again by the caller, they are told from new ones.
    expect(await store.update(write)).toMatchObject({ status: 'updated', head: { version: 2 } });
    expect(await store.update(checkpoint(head, 'a'))).toMatchObject({ status: 'conflict', head: { version: 2 } });
    expect(await store.create(create)).toMatchObject({ status: 'existing' });
  });

  it('is not sent twice either where `config` asks the driver to', async () => {
    const config = { autoResendUnfulfilledCommands: true, maxRetriesPerRequest: 20 };
    const { store, losing } = await proxied((port) => ({ ...own(port), config }));
    const head = await stored(store);
    expect(await losing(() => store.update(checkpoint(head, 'a')))).toMatchObject({
      status: 'rejected',
      reason: broken,
    });
  });
});

describeWithPrograms('a read whose answer was lost with its connection', () => {
  it('is sent once more by the store, on the next connection', async () => {
    const { store, losing } = await proxied(own);
    const head = await stored(store);
    const get = await losing(() => store.get({ taskIds: [head.taskId], kinds: [], nowMs: NOW_MS }));
    expect(get).toMatchObject({ status: 'fulfilled', value: [{ head }] });
    expect((await losing(async () => store.serverTimeMs?.())).status).toBe('fulfilled');
  });
});

describeWithPrograms('the subscription to hints', () => {
  it('[DURA-05] that is not answered after a break ends no process, when the store closes and before', async () => {
    const { store, proxy, server } = await proxied((port) => ({ ...own(port), config: { commandTimeout: 300 } }));
    const writing = await openStore({ url: server.url, name: NAME });
    const seen: string[] = [];
    await store.watch?.(({ taskId }) => seen.push(taskId));
    const lost: string[] = [];
    proxy.passes = (answer) => {
      if (!answer.includes('subscribe')) return true;
      lost.push(String(answer));
      return false;
    };
    proxy.breakConnections();
    // The second one comes after the first was given up.
    await until('subscriptions without an answer', () => lost.length >= 2);
    proxy.passes = () => true;
    await until('a hint', async () => {
      await stored(writing);
      return seen.length > 0;
    });
    proxy.passes = (answer) => !answer.includes('subscribe') || lost.push(String(answer)) < 0;
    lost.length = 0;
    proxy.breakConnections();
    await until('a subscription without an answer', () => lost.length > 0);
    await store.close();
    // What nobody listens to is reported by now.
    await new Promise(setImmediate);
  });
});
