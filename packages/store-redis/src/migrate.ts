import { incompatible, storeError } from './errors.ts';
import { runScript, type ScriptTarget } from './statements.ts';

/** Number of the key layout, and the oldest code that can work on it. */
const SCHEMA = { version: 2, compatibleFrom: 2 } as const;

/** Tasks that one script brings to this layout: the server does nothing else meanwhile. */
const TASKS_AT_ONCE = 100;

/**
 * Note the key layout where there is none yet, bring tasks of an older one along, and refuse one that this code cannot
 * work on. Each step is atomic: when the process ends in between, the next opening goes on, and several may help each
 * other.
 *
 * @throws {TaskError} STORE_INCOMPATIBLE - the keys are of a newer, incompatible version or were not made by this
 *   store; STORE_UNAVAILABLE.
 */
export async function checkSchema(target: ScriptTarget, channel: string): Promise<void> {
  let stored: readonly (string | null)[];
  try {
    stored = await runScript(target, 'schema', [channel, SCHEMA.version, SCHEMA.compatibleFrom]);
  } catch (error) {
    if (!/\bWRONGTYPE\b/.test(String(error))) throw storeError(error, false);
    throw notOurs(target.base, error);
  }
  const [version, compatibleFrom] = stored.map(Number);
  if (!Number.isInteger(version) || !Number.isInteger(compatibleFrom)) throw notOurs(target.base);
  if (Number(compatibleFrom) > SCHEMA.version) {
    throw incompatible(
      `The Redis keys "${target.base}*" are of layout ${String(version)}, with which this version cannot work: upgrade @mcp-tasks/store-redis.`,
    );
  }
  if (Number(version) < SCHEMA.version) await bringAlong(target);
}

async function bringAlong(target: ScriptTarget): Promise<void> {
  try {
    while ((await runScript<number>(target, 'migrate', [SCHEMA.version, TASKS_AT_ONCE])) > 0);
  } catch (error) {
    throw storeError(error, false);
  }
}

function notOurs(base: string, cause?: unknown) {
  return incompatible(`The Redis keys "${base}*" are not of this store: give it another name.`, cause);
}
