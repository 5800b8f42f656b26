import { createHash } from 'node:crypto';
import { isOfBrokenConnection } from './errors.ts';
import type { RedisClientLike } from './options.ts';
import { type ScriptName, scripts } from './scripts/index.ts';

const SHA1 = Object.fromEntries(
  Object.entries(scripts).map(([name, script]) => [name, createHash('sha1').update(script).digest('hex')]),
) as Readonly<Record<ScriptName, string>>;

/** The place where the scripts of one store run: client and prefix of its keys. */
export interface ScriptTarget {
  readonly client: RedisClientLike;
  /** Prefix of every key: `{NAME}:`. */
  readonly base: string;
}

/** Scripts that may be sent twice: they write nothing, except that they remove what is left of tasks that are gone. */
const READS: ReadonlySet<ScriptName> = new Set(['get', 'findJoinable', 'list', 'due', 'time']);

/**
 * Run a script. A read whose connection broke is sent once more, on the next connection. A write is not sent again: it
 * may have happened, and the layers above find out.
 *
 * @throws the driver's error.
 */
export async function runScript<Reply>(
  target: ScriptTarget,
  name: ScriptName,
  args: readonly (string | number)[],
): Promise<Reply> {
  const texts = args.map(String);
  try {
    return (await send(target, name, texts)) as Reply;
  } catch (error) {
    if (!READS.has(name) || !isOfBrokenConnection(error)) throw error;
    return (await send(target, name, texts)) as Reply;
  }
}

/** Name a script by its digest; the server gets its text only when it does not know it (after a restart, say). */
async function send({ client, base }: ScriptTarget, name: ScriptName, texts: readonly string[]): Promise<unknown> {
  try {
    return await client.evalsha(SHA1[name], 1, base, ...texts);
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
  }
  return client.eval(scripts[name], 1, base, ...texts);
}

/**
 * Give the server every script, so that the first call of each is one round trip too. In a cluster it does nothing:
 * such a call may reach any node, so the first call of each script carries its text.
 */
export async function loadScripts({ client }: ScriptTarget): Promise<void> {
  if (client.nodes) return;
  await Promise.all(Object.values(scripts).map((script) => client.call('SCRIPT', 'LOAD', script)));
}
