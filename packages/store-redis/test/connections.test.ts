import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import type { TaskHead, TaskStore } from '@mcp-tasks/store';
import { countingProxy } from '@mcp-tasks/store-kit/fakes';
import { checkpoint, isRetryable, newTask, NOW_MS, stored, until } from '@mcp-tasks/store-testing';
import { Redis, type RedisOptions } from 'ioredis';
import { expect, it, onTestFinished } from 'vitest';
import { describeWithPrograms, ownServer } from './support/own-server.ts';
import {
  address,
  describeWithServer,
  keysOf,
  openStore,
  REDIS_URL,
  temporaryName,
  through,
  withRedis,
} from './support/redis.ts';

const retryable = (message: RegExp) => ({
  code: 'STORE_UNAVAILABLE',
  retryable: true,
  message: expect.stringMatching(message) as string,
});

const read = (store: TaskStore, { taskId }: TaskHead) => store.get({ taskIds: [taskId], kinds: [], nowMs: NOW_MS });

/** A client of the tests' own, ended when the test is over. */
function newClient(options: RedisOptions & { replyMapping?: 'resp3' } = {}): Redis {
  const client = new Redis(REDIS_URL, options);
  onTestFinished(() => {
    client.disconnect();
  });
  return client;
}

describeWithServer('a connection that breaks', () => {
  it('[DURA-05] is made again, for calls and for hints', async () => {
    const proxy = await countingProxy(address());
    onTestFinished(() => proxy.close());
    const name = temporaryName();
    const store = await openStore({ url: through(proxy.port), name });
    const writing = await openStore({ name });
    const seen = new Set<number>();
    await store.watch?.(({ version }) => seen.add(version));
    const head = await stored(store);
    await until('a hint', () => seen.has(1));
    proxy.breakConnections();
    expect(await read(store, head)).toHaveLength(1);
    let version = 1;
    await until('a hint on the new connection', async () => {
      await writing.update(checkpoint({ ...head, version }, 'a'));
      version += 1;
      return seen.size > 1;
    });
    expect(proxy.connections()).toBeGreaterThanOrEqual(4);
  });

  it('again and again under many calls fails them as ones that may be sent again, or not at all', async () => {
    const proxy = await countingProxy(address());
    onTestFinished(() => proxy.close());
    const store = await openStore({ url: through(proxy.port) });
    const heads: TaskHead[] = [];
    const failures: unknown[] = [];
    for (let round = 0; round < 5; round += 1) {
      const calls = Array.from({ length: 50 }, () => stored(store).then((head) => heads.push(head)));
      proxy.breakConnections();
      for (const end of await Promise.allSettled(calls)) if (end.status === 'rejected') failures.push(end.reason);
    }
    expect(failures.filter((error) => !isRetryable(error))).toEqual([]);
    expect(heads.length).toBeGreaterThan(0);
    const taskIds = heads.map(({ taskId }) => taskId);
    expect(await store.get({ taskIds, kinds: [], nowMs: NOW_MS })).toHaveLength(heads.length);
  });
});

describeWithPrograms('a server that is gone', () => {
  it('fails calls in bounded time, and the next call works once it is back', async () => {
    const server = await ownServer();
    onTestFinished(() => server.remove());
    const store = await openStore({ url: server.url, name: 'tasks' });
    const head = await stored(store);
    await server.kill();
    await expect(read(store, head)).rejects.toMatchObject(retryable(/broke/));
    await server.start();
    await until('an answer', async () => (await read(store, head).catch(() => [])).length === 1);
  });

  it('keeps no store from closing', async () => {
    const server = await ownServer();
    onTestFinished(() => server.remove());
    const store = await openStore({ url: server.url, name: 'tasks' });
    await store.watch?.(() => undefined);
    await server.kill();
    const call = store.serverTimeMs?.().catch((error: unknown) => error);
    await store.close();
    expect(isRetryable(await call)).toBe(true);
    await expect(store.serverTimeMs?.()).rejects.toMatchObject({ code: 'STORE_CLOSED' });
  });

  it('or that takes a connection and never answers is given up', async () => {
    const sockets: Socket[] = [];
    const silent = createServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
      silent.close();
    });
    const { port } = silent.address() as { readonly port: number };
    const opening = openStore({
      url: through(port),
      config: { commandTimeout: 200, socketTimeout: 200 },
      name: 'nowhere',
    });
    await expect(opening).rejects.toMatchObject(retryable(/no answer came in time/));
  });
});

describeWithServer('close', () => {
  it('lets calls under way end, and leaves no connection open', async () => {
    const proxy = await countingProxy(address());
    onTestFinished(() => proxy.close());
    const name = temporaryName();
    // Calls and hints are known to the server by this name.
    const store = await openStore({ url: through(proxy.port), config: { connectionName: name }, name });
    await store.watch?.(() => undefined);
    const calls = Array.from({ length: 50 }, () => store.create(newTask()));
    await store.close();
    const outcomes = await Promise.all(calls);
    expect(new Set(outcomes.map(({ status }) => status))).toEqual(new Set(['created']));
    await until('the end of every connection', async () => {
      const clients = await withRedis((redis) => redis.call('CLIENT', 'LIST'));
      return !String(clients).includes(`name=${name}`);
    });
  });
});

describeWithServer('a client of somebody else', () => {
  it('is used, and left open', async () => {
    const client = newClient();
    const store = await openStore({ client });
    const seen: string[] = [];
    await store.watch?.(({ taskId }) => seen.push(taskId));
    const head = await stored(store);
    await until('a hint', () => seen.includes(head.taskId));
    await store.close();
    await store.close();
    await expect(read(store, head)).rejects.toMatchObject({ code: 'STORE_CLOSED' });
    await expect(store.watch?.(() => undefined)).rejects.toMatchObject({ code: 'STORE_CLOSED' });
    expect(await client.ping()).toBe('PONG');
  });

  it('may begin every key with a word of its own, and shape replies in its own way', async () => {
    const name = temporaryName();
    const client = newClient({ keyPrefix: `{${name}}:prefix:`, replyMapping: 'resp3', stringNumbers: true });
    const store = await openStore({ client, name });
    const seen: string[] = [];
    await store.watch?.(({ taskId }) => seen.push(taskId));
    const head = await stored(store, { progress: { done: 1 } });
    await until('a hint', () => seen.includes(head.taskId));
    expect(await read(store, head)).toMatchObject([{ head }]);
    expect(await store.list({ owner: 'owner', limit: 5, nowMs: NOW_MS })).toMatchObject({ heads: [head] });
    expect(await keysOf(name)).not.toContain(`{${name}}:x`);
    expect(await store.deleteExpired({ nowMs: NOW_MS + 3_600_000, limit: 5 })).toHaveLength(1);
    expect(await store.serverTimeMs?.()).toBeGreaterThan(1_700_000_000_000);
  });
});

describeWithServer('the channel of hints', () => {
  it('does no harm with what others publish on it', async () => {
    const name = temporaryName();
    const store = await openStore({ name });
    const seen: unknown[] = [];
    await store.watch?.((hint) => seen.push(hint));
    for (const message of [
      '',
      '1',
      'null',
      '1 working a',
      '[]',
      '["1","gone","a"]',
      '["x","working","a"]',
      '["1","working"]',
    ]) {
      await withRedis((redis) => redis.publish(`{${name}}:hints`, message));
    }
    const { taskId } = await stored(store, { taskId: 'with a space\nand a line' });
    await until('a hint', () => seen.length > 0);
    expect(seen).toEqual([
      { taskId, version: 1, status: 'working', due: { handler: 'tool', queue: '', atMs: NOW_MS } },
    ]);
  });
});
