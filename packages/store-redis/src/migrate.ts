import { incompatible, storeError } from './errors.ts';
import { runScript, type ScriptTarget } from './statements.ts';

/** Number of the key layout, and the oldest code that can work on it. */
const SCHEMA = { version: 1, compatibleFrom: 1 } as const;

/**
 * Note the key layout where there is none yet, and refuse one that this code cannot work on.
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
}

function notOurs(base: string, cause?: unknown) {
  return incompatible(`The Redis keys "${base}*" are not of this store: give it another name.`, cause);
}
