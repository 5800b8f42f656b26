import { randomBytes } from 'node:crypto';
import type { TaskStore } from '@mcp-tasks/store';
import { describeUnless, whyMissing } from '@mcp-tasks/store-testing/vitest';
import { Redis } from 'ioredis';
import { onTestFinished } from 'vitest';
import { redisStore, type RedisStoreOptions } from '../../src/index.ts';

/** The server that tests talk to; each uses a store name of its own and removes its keys. */
export const REDIS_URL = process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379';

/** Why tests that need the server cannot run here; undefined when they can. With CI=true a missing server is a failure. */
export const missing = await whyMissing('no Redis at REDIS_URL (default 127.0.0.1:6379)', async () => {
  const redis = new Redis(REDIS_URL, { lazyConnect: true, retryStrategy: () => null });
  redis.on('error', () => undefined); // connect() rejects with it
  try {
    await redis.connect();
  } finally {
    redis.disconnect();
  }
});

/** Tests that talk to Redis. */
export const describeWithServer = describeUnless(missing);

/** A store name that no other test has. */
export const newName = (): string => `mcp-tasks-test-${randomBytes(8).toString('hex')}`;

/** Such a name; its keys are removed when the test is over. */
export function temporaryName(): string {
  const name = newName();
  onTestFinished(() => removeKeys(name));
  return name;
}

/** An open store on the server, under a name of its own unless one is given, closed when the test is over. */
export async function openStore(options: RedisStoreOptions = {}): Promise<TaskStore> {
  const store = makeStore(options);
  await store.open?.();
  return store;
}

/** The same before `open`; it does not warn of settings, since the tests' server need not keep anything on disk. */
export function makeStore(options: RedisStoreOptions = {}): TaskStore {
  const { url = REDIS_URL, name = temporaryName() } = options;
  const store = redisStore({ onWarning: () => undefined, ...(options.client ? {} : { url }), ...options, name });
  onTestFinished(() => store.close());
  return store;
}

/** Use a connection outside of every store. */
export async function withRedis<Value>(use: (redis: Redis) => Promise<Value>, url = REDIS_URL): Promise<Value> {
  const redis = new Redis(url);
  try {
    return await use(redis);
  } finally {
    redis.disconnect();
  }
}

/** Every key of a store. */
export async function keysOf(name: string, url = REDIS_URL): Promise<string[]> {
  return withRedis(async (redis) => {
    const keys: string[] = [];
    let cursor = '0';
    do {
      const [next, found] = await redis.scan(cursor, 'MATCH', `{${name}}:*`, 'COUNT', 1_000);
      keys.push(...found);
      cursor = next;
    } while (cursor !== '0');
    return keys;
  }, url);
}

/** Remove every key of a store. */
export async function removeKeys(name: string): Promise<void> {
  const keys = await keysOf(name);
  await withRedis(async (redis) => {
    for (const key of keys) await redis.unlink(key);
  });
}

/** The same server through another port of this machine, a proxy's say. */
export const through = (port: number): string =>
  Object.assign(new URL(REDIS_URL), { hostname: '127.0.0.1', port: String(port) }).href;

/** Where the server listens. */
export function address(): { readonly host: string; readonly port: number } {
  const { hostname, port } = new URL(REDIS_URL);
  return { host: hostname, port: Number(port || 6379) };
}
