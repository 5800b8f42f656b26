import { incompatible, storeError } from './errors.ts';
import type { RedisClientLike } from './options.ts';

/**
 * Refuse a server that may evict tasks; warn of one that may lose them in a crash, or that does not tell.
 *
 * @throws {TaskError} STORE_INCOMPATIBLE - `maxmemory-policy` is not `noeviction`; STORE_UNAVAILABLE.
 */
export async function checkSettings(client: RedisClientLike, warn: (message: string) => void): Promise<void> {
  const policy = await setting(client, 'maxmemory-policy');
  if (policy === undefined) {
    warn(
      'redisStore: the server does not show its settings; make sure that maxmemory-policy is noeviction, appendonly yes and appendfsync always.',
    );
    return;
  }
  if (policy !== 'noeviction') {
    throw incompatible(`Redis may evict tasks (maxmemory-policy "${policy}"): set maxmemory-policy to "noeviction".`);
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
    const reply = await client.call('CONFIG', 'GET', name);
    // A list of names and values, or, as a client may be told to shape replies, an object.
    if (Array.isArray(reply)) return (reply as readonly string[])[1];
    return (reply as Readonly<Record<string, string>>)[name];
  } catch (error) {
    const message = error instanceof Error ? error.message : '';
    if (/\bNOPERM\b|unknown command/i.test(message)) return undefined; // hosted servers hide CONFIG
    throw storeError(error);
  }
}
