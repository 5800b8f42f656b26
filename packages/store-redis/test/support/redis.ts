import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';

/** The server that tests talk to; each uses a store name of its own and removes its keys. */
export const REDIS_URL = process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379';

/** Why tests that need the server cannot run here; undefined when they can. With CI=true a missing server is a failure. */
export async function missingServer(): Promise<string | undefined> {
  const redis = new Redis(REDIS_URL, { lazyConnect: true, retryStrategy: () => null });
  redis.on('error', () => undefined); // connect() rejects with it
  try {
    await redis.connect();
    return undefined;
  } catch (error) {
    if (process.env['CI'] === 'true') throw error;
    return `no Redis at REDIS_URL (default 127.0.0.1:6379): ${String(error)}`;
  } finally {
    redis.disconnect();
  }
}

/** A store name that no other test has. */
export const newName = (): string => `mcp-tasks-test-${randomBytes(8).toString('hex')}`;

/** Use a connection outside of every store. */
export async function withRedis<Value>(use: (redis: Redis) => Promise<Value>): Promise<Value> {
  const redis = new Redis(REDIS_URL);
  try {
    return await use(redis);
  } finally {
    redis.disconnect();
  }
}

/** Every key of a store. */
export async function keysOf(name: string): Promise<string[]> {
  return withRedis(async (redis) => {
    const keys: string[] = [];
    let cursor = '0';
    do {
      const [next, found] = await redis.scan(cursor, 'MATCH', `{${name}}:*`, 'COUNT', 1_000);
      keys.push(...found);
      cursor = next;
    } while (cursor !== '0');
    return keys;
  });
}

/** Remove every key of a store. */
export async function removeKeys(name: string): Promise<void> {
  const keys = await keysOf(name);
  await withRedis(async (redis) => {
    for (const key of keys) await redis.unlink(key);
  });
}

/** The same server through another address, a proxy's say. */
export function through(port: number): string {
  const url = new URL(REDIS_URL);
  url.hostname = '127.0.0.1';
  url.port = String(port);
  return url.href;
}

/** Where the server listens. */
export function address(): { readonly host: string; readonly port: number } {
  const url = new URL(REDIS_URL);
  return { host: url.hostname, port: Number(url.port || 6379) };
}
