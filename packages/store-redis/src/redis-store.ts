import { TaskError, type TaskStore } from '@mcp-tasks/store';
import { Redis, type RedisOptions } from 'ioredis';
import { storeError } from './errors.ts';
import type { RedisClientLike, RedisStoreOptions } from './options.ts';
import { RedisTaskStore, runScript } from './redis-task-store.ts';

/** Number of the key layout; and the oldest code that can work on it. */
const SCHEMA = { version: 1, compatibleFrom: 1 } as const;
const MAX_RECONNECT_DELAY_MS = 2_000;
const CONNECT_TIMEOUT_MS = 5_000;

/**
 * Keep tasks in Redis (6.2 or newer) or Valkey, shared by every process that names the same server and store name.
 *
 * What was acknowledged survives a crash of the server as far as `appendfsync` says; `open()` warns when that is not
 * `always`, and refuses a server that may evict keys.
 *
 * @throws {TypeError} neither `url`, `config` nor `client`, or a `name` out of range.
 */
export function redisStore(options: RedisStoreOptions): TaskStore {
  const name = options.name ?? 'mcp-tasks';
  if (!/^[^{}]{1,64}$/.test(name)) throw new TypeError('redisStore: name must be 1 to 64 characters without braces.');
  const connected = options.client ?? connection(options);
  const own = options.client ? undefined : (connected as Redis);
  const client: RedisClientLike = connected;
  const base = `{${name}}:`;
  const warn =
    options.onWarning ??
    ((message: string) => {
      process.emitWarning(message, 'McpTasksWarning');
    });
  return new RedisTaskStore({
    client,
    base,
    open: async () => {
      await connect(own);
      await checkSettings(client, warn);
      await checkSchema(client, base);
    },
    close: async () => {
      own?.disconnect();
    },
  });
}

function connection({ url, config }: RedisStoreOptions): Redis {
  if (url === undefined && !config) throw new TypeError('redisStore: give url, config or client.');
  const defaults: RedisOptions = {
    lazyConnect: true,
    connectTimeout: CONNECT_TIMEOUT_MS,
    maxRetriesPerRequest: 3,
    retryStrategy: (times) => Math.min(50 * 2 ** times, MAX_RECONNECT_DELAY_MS),
  };
  // Replies as RESP 2 shapes them, which is what the scripts' readers expect.
  const all = { ...defaults, ...config } as RedisOptions & { replyMapping?: 'legacy' };
  const redis = url === undefined ? new Redis(all) : new Redis(url, all);
  // Each command reports what is wrong with the connection; the event would only say it twice.
  redis.on('error', () => undefined);
  return redis;
}

async function connect(own: Redis | undefined): Promise<void> {
  if (own?.status !== 'wait') return;
  let latest: unknown;
  const keep = (error: unknown) => {
    latest = error;
  };
  own.on('error', keep);
  try {
    await own.connect();
  } catch (error) {
    own.disconnect();
    throw storeError(latest ?? error);
  } finally {
    own.off('error', keep);
  }
}

async function checkSettings(client: RedisClientLike, warn: (message: string) => void): Promise<void> {
  const policy = await setting(client, 'maxmemory-policy');
  if (policy === undefined) {
    warn(
      'redisStore: the server does not show its settings; make sure that maxmemory-policy is noeviction and appendfsync is always.',
    );
    return;
  }
  if (policy !== 'noeviction') {
    throw new TaskError(
      'STORE_INCOMPATIBLE',
      `Redis may evict tasks (maxmemory-policy ${policy}): set maxmemory-policy to noeviction.`,
    );
  }
  const appendonly = await setting(client, 'appendonly');
  const appendfsync = await setting(client, 'appendfsync');
  if (appendonly !== 'yes' || appendfsync !== 'always') {
    warn(
      `redisStore: the server may lose acknowledged writes when it crashes (appendonly ${appendonly ?? 'unknown'}, appendfsync ${appendfsync ?? 'unknown'}).`,
    );
  }
}

async function setting(client: RedisClientLike, name: string): Promise<string | undefined> {
  try {
    const reply = (await client.call('CONFIG', 'GET', name)) as readonly string[];
    return reply[1];
  } catch (error) {
    const message = error instanceof Error ? error.message : '';
    if (/^(NOPERM|ERR unknown)/.test(message)) return undefined; // hosted servers hide CONFIG
    throw storeError(error);
  }
}

async function checkSchema(client: RedisClientLike, base: string): Promise<void> {
  const [version, compatibleFrom] = await runScript<readonly [string, string]>(client, base, 'schema', [
    SCHEMA.version,
    SCHEMA.compatibleFrom,
  ]);
  if (Number(compatibleFrom) > SCHEMA.version) {
    throw new TaskError(
      'STORE_INCOMPATIBLE',
      `The Redis keys ${base}* are of layout ${version}, with which this version cannot work: upgrade @mcp-tasks/store-redis.`,
    );
  }
}
