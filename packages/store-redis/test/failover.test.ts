import { TaskError, type TaskHead, type TaskStore } from '@mcp-tasks/store';
import { checkpoint, isRetryable, NOW_MS, stored, until } from '@mcp-tasks/store-testing';
import { Redis } from 'ioredis';
import { expect, it, onTestFinished } from 'vitest';
import type { RedisStoreOptions } from '../src/index.ts';
import { describeWithPrograms, ownServer } from './support/own-server.ts';
import { keysOf, openStore, withRedis } from './support/redis.ts';
import { switchingProxy } from './support/switching-proxy.ts';

const NAME = 'tasks';

async function serverWith(...settings: string[]) {
  const server = await ownServer({ settings });
  onTestFinished(() => server.remove());
  return server;
}

/** A primary and its replica, and one address that leads to the primary of the hour. */
async function primaryAndReplica() {
  const primary = await serverWith('repl-diskless-sync-delay 0');
  const replica = await serverWith(`replicaof 127.0.0.1 ${primary.port}`);
  const proxy = await switchingProxy(primary.port);
  /** What an operator does; connections to the old primary stay. */
  const promote = async (isAddressChanged = true) => {
    await withRedis((redis) => redis.call('REPLICAOF', 'NO', 'ONE'), replica.url);
    await withRedis((redis) => redis.call('REPLICAOF', '127.0.0.1', String(replica.port)), primary.url);
    if (isAddressChanged) proxy.target = replica.port;
  };
  const isCopied = async () => (await keysOf(NAME, replica.url)).length === (await keysOf(NAME, primary.url)).length;
  return { primary, replica, proxy, promote, copied: () => until('a copy of the primary', isCopied) };
}

/** The setting that the README names for a client that is handed over. */
function handedOver(port: number): RedisStoreOptions {
  const client = new Redis(port, '127.0.0.1', {
    reconnectOnError: (error) => /READONLY|MASTERDOWN/.test(error.message),
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
  });
  client.on('error', () => undefined);
  onTestFinished(() => {
    client.disconnect();
  });
  return { client, name: NAME };
}

const CLIENTS: Readonly<Record<string, (port: number) => RedisStoreOptions>> = {
  'its own': (port) => ({ url: `redis://127.0.0.1:${port}`, name: NAME }),
  'one that was handed over': handedOver,
};

/** Write until it is done; what the calls failed with meanwhile. */
async function written(store: TaskStore, head: TaskHead): Promise<readonly unknown[]> {
  const failures: unknown[] = [];
  await until('a write', async () => {
    try {
      return (await store.update(checkpoint(head, 'a'))).status === 'updated';
    } catch (error) {
      failures.push(error);
      return false;
    }
  });
  return failures;
}

describeWithPrograms('a failover behind one address', () => {
  it.each(Object.keys(CLIENTS))('[DURA-05] is followed by a client (%s), which was connected before', async (kind) => {
    const { replica, proxy, promote, copied } = await primaryAndReplica();
    const store = await openStore(CLIENTS[kind]?.(proxy.port));
    const head = await stored(store);
    await copied();
    const before = proxy.connections();
    await promote();
    const failures = await written(store, head);
    expect(failures.length).toBeGreaterThan(0);
    expect(failures.filter((error) => !isRetryable(error))).toEqual([]);
    expect(proxy.connections()).toBe(before + 1);
    const there = await openStore({ url: replica.url, name: NAME });
    const [record] = await there.get({ taskIds: [head.taskId], kinds: ['checkpoint'], nowMs: NOW_MS });
    expect(record).toMatchObject({ head: { version: 2 }, entries: [{ name: 'a' }] });
  });

  it('makes no storm of connections while the address still leads to the old primary', async () => {
    const { proxy, promote, copied, replica } = await primaryAndReplica();
    const store = await openStore({ url: `redis://127.0.0.1:${proxy.port}`, name: NAME });
    const head = await stored(store);
    await copied();
    const before = proxy.connections();
    await promote(false);
    let refused = 0;
    await until('two more connections', async () => {
      const error: unknown = await store.update(checkpoint(head, 'a')).catch((reason: unknown) => reason);
      if (TaskError.is(error) && error.message.includes('connect to the primary')) refused += 1;
      return proxy.connections() === before + 2;
    });
    // Were each refusal to leave the connection, there would be one for each of them.
    expect(refused).toBeGreaterThan(4);
    expect(await store.get({ taskIds: [head.taskId], kinds: [], nowMs: NOW_MS })).toHaveLength(1);
    proxy.target = replica.port;
    await written(store, head);
  });
});
