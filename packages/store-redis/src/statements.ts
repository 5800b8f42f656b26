import { createHash } from 'node:crypto';
import type { RedisClientLike } from './options.ts';
import { type ScriptName, scripts } from './scripts/index.ts';

const SHA1 = Object.fromEntries(
  Object.entries(scripts).map(([name, script]) => [name, createHash('sha1').update(script).digest('hex')]),
) as Readonly<Record<ScriptName, string>>;

/** Where the scripts of one store run. */
export interface ScriptTarget {
  readonly client: RedisClientLike;
  /** Begins every key: `{NAME}:`. */
  readonly base: string;
}

/**
 * Run a script by its digest; the server gets its text only when it does not know it (after a restart, say).
 *
 * @throws the driver's error.
 */
export async function runScript<Reply>(
  { client, base }: ScriptTarget,
  name: ScriptName,
  args: readonly (string | number)[],
): Promise<Reply> {
  const texts = args.map(String);
  try {
    return (await client.evalsha(SHA1[name], 1, base, ...texts)) as Reply;
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
  }
  return (await client.eval(scripts[name], 1, base, ...texts)) as Reply;
}

/** Give the server every script, so that the first call of each is one round trip too. */
export async function loadScripts({ client }: ScriptTarget): Promise<void> {
  await Promise.all(Object.values(scripts).map((script) => client.call('SCRIPT', 'LOAD', script)));
}
