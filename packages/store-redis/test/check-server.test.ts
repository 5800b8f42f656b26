import { newTask, NOW_MS, stored, until } from '@mcp-tasks/store-testing';
import { expect, it, onTestFinished } from 'vitest';
import { redisStore, type RedisStoreOptions } from '../src/index.ts';
import { describeWithPrograms, ownServer, type OwnServerOptions } from './support/own-server.ts';
import { describeWithServer, keysOf, makeStore, openStore, temporaryName, withRedis } from './support/redis.ts';

async function serverWith(options: OwnServerOptions = {}) {
  const server = await ownServer(options);
  onTestFinished(() => server.remove());
  return server;
}

/** Open a store; its warnings. */
async function warningsOf(options: RedisStoreOptions): Promise<readonly string[]> {
  const warnings: string[] = [];
  const store = redisStore({ ...options, onWarning: (message) => warnings.push(message) });
  await store.open?.();
  await stored(store);
  await store.close();
  return warnings;
}

const failing = (code: string, retryable: boolean, message: RegExp) => ({
  code,
  retryable,
  message: expect.stringMatching(message) as string,
});

describeWithPrograms('the settings of the server', () => {
  it.each(['allkeys-lru', 'volatile-ttl'])('are refused with the evicting maxmemory-policy %s', async (policy) => {
    const { url } = await serverWith({ settings: [`maxmemory-policy ${policy}`] });
    await expect(makeStore({ url, name: 'tasks' }).open?.()).rejects.toMatchObject(
      failing('STORE_INCOMPATIBLE', false, new RegExp(`maxmemory-policy "${policy}".*set .* to "noeviction"`)),
    );
  });

  it('are taken without a word when every acknowledged write is on the disk', async () => {
    const { url } = await serverWith();
    expect(await warningsOf({ url })).toEqual([]);
  });

  it.each([
    ['appendfsync everysec', 'appendonly yes, appendfsync everysec'],
    ['appendonly no', 'appendonly no, appendfsync always'],
  ])('are warned of once with %s', async (setting, named) => {
    const { url } = await serverWith({ settings: [setting] });
    const warnings = await warningsOf({ url });
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(`may lose acknowledged writes when it crashes (${named})`);
  });

  it('are asked for by a warning when the server hides them', async () => {
    const { url } = await serverWith({ settings: ['rename-command CONFIG ""'] });
    const warnings = await warningsOf({ url });
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/does not show its settings.*noeviction.*appendfsync always/);
  });

  it('reach process warnings when nobody asks for them', async () => {
    const { url } = await serverWith({ settings: ['appendfsync no'] });
    const warned = new Promise<Error>((resolve) => process.once('warning', resolve));
    const store = redisStore({ url });
    onTestFinished(() => store.close());
    await store.open?.();
    expect(await warned).toMatchObject({ name: 'McpTasksWarning' });
  });

  it('of a server without memory left fail writes as they are, and a sweep makes room', async () => {
    const { url } = await serverWith();
    const store = await openStore({ url, name: 'tasks' });
    const big = [{ kind: 'call' as const, name: '', value: JSON.stringify('x'.repeat(100_000)) }];
    for (let count = 0; count < 20; count += 1) await stored(store, {}, big);
    await withRedis((redis) => redis.config('SET', 'maxmemory', '2mb'), url);
    const refused = newTask({}, { entries: big, idempotencyKey: 'key' });
    await expect(store.create(refused)).rejects.toMatchObject(failing('STORE_UNAVAILABLE', true, /out of memory/));
    expect(await store.get({ taskIds: [refused.head.taskId], kinds: [], nowMs: NOW_MS })).toEqual([]);
    expect(await store.deleteExpired({ nowMs: NOW_MS + 3_600_000, limit: 100 })).toHaveLength(20);
    await withRedis((redis) => redis.config('SET', 'maxmemory', '0'), url);
    expect(await store.create(refused)).toMatchObject({ status: 'created' });
  });

  it('of a replica, which takes no writes, are refused', async () => {
    const primary = await serverWith({ settings: ['repl-diskless-sync-delay 0'] });
    const name = 'tasks';
    await openStore({ url: primary.url, name });
    const { url } = await serverWith({
      settings: [`replicaof 127.0.0.1 ${primary.port}`, 'replica-serve-stale-data yes'],
    });
    await until('a copy of the primary', async () => (await keysOf(name, url)).length > 0);
    await expect(makeStore({ url, name }).open?.()).rejects.toMatchObject(
      failing('STORE_UNAVAILABLE', true, /connect to the primary/),
    );
  });
});

describeWithServer('the layout of the keys', () => {
  const noted = async (fields: Record<string, string>) => {
    const name = temporaryName();
    await withRedis((redis) => redis.hset(`{${name}}:schema`, fields));
    return { name, read: () => withRedis((redis) => redis.hgetall(`{${name}}:schema`)) };
  };

  it('is noted once, and left as it is by whoever finds it', async () => {
    const name = temporaryName();
    await openStore({ name });
    await openStore({ name });
    const schema = await withRedis((redis) => redis.hgetall(`{${name}}:schema`));
    expect(schema).toEqual({ version: '2', compatibleFrom: '2' });
  });

  it('[DURA-06] that is newer and only adds is worked on, and stays as it is', async () => {
    const { name, read } = await noted({ version: '7', compatibleFrom: '1', remark: 'newer' });
    const store = await openStore({ name });
    const { taskId } = await stored(store);
    await withRedis((redis) => redis.hset(`{${name}}:t:${taskId}`, 'priority', '3'));
    expect(await store.get({ taskIds: [taskId], kinds: [], nowMs: NOW_MS })).toHaveLength(1);
    expect(await read()).toEqual({ version: '7', compatibleFrom: '1', remark: 'newer' });
  });

  it('[DURA-06] that is newer and changes what we know is refused, and says to upgrade', async () => {
    const { name } = await noted({ version: '8', compatibleFrom: '8' });
    await expect(makeStore({ name }).open?.()).rejects.toMatchObject(
      failing('STORE_INCOMPATIBLE', false, /layout 8, .*upgrade @mcp-tasks\/store-redis/),
    );
  });

  it.each([
    ['a layout that is no number', (key: string) => withRedis((redis) => redis.hset(key, 'version', 'x'))],
    ['a key of another type', (key: string) => withRedis((redis) => redis.set(key, 'x'))],
  ])('[DURA-06] with %s is refused as somebody else’s', async (_case, spoil) => {
    const name = temporaryName();
    await spoil(`{${name}}:schema`);
    await expect(makeStore({ name }).open?.()).rejects.toMatchObject(
      failing('STORE_INCOMPATIBLE', false, /not of this store: give it another name/),
    );
  });
});
