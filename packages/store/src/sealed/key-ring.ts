import { createSecretKey, type KeyObject } from 'node:crypto';
import { types } from 'node:util';
import { option, type OptionTableOf } from '@mcp-tasks/wire';

const SECRET_BYTES = 32;
/** Ids stand in every sealed value, between colons. */
const KEY_ID = /^[\w.-]{1,32}$/;

/**
 * A key of `sealed`.
 *
 * @example
 * import { randomBytes } from 'node:crypto';
 *
 * const key: SealKey = { id: '2026-12', secret: randomBytes(32) };
 */
export interface SealKey {
  /** Stands in readable form in every value that the key seals: 1 to 32 of A-Z, a-z, 0-9, `.`, `_` and `-`. */
  readonly id: string;
  /** 32 random bytes. */
  readonly secret: Uint8Array;
}

/** A key that is ready for use. It shows its secret to no log. */
export interface RingKey {
  readonly id: string;
  readonly secret: KeyObject;
}

/** The keys of a sealed store: the first one seals, all of them open. */
export interface KeyRing {
  readonly sealing: RingKey;
  readonly byId: ReadonlyMap<string, RingKey>;
}

/** Check of the option `keys` of `sealed`. */
export const SEAL_KEYS = option.listOf(
  option.fields({
    id: {
      expected: 'a string of 1 to 32 of A-Z, a-z, 0-9, ".", "_" and "-"',
      fits: (value) => typeof value === 'string',
      isInRange: (id: string) => KEY_ID.test(id),
    },
    secret: {
      expected: `a Uint8Array of ${SECRET_BYTES} bytes`,
      fits: (value) => types.isUint8Array(value),
      isInRange: ({ length }: Uint8Array) => length === SECRET_BYTES,
    },
  } satisfies OptionTableOf<SealKey>),
);

/**
 * Make a ring of keys that {@link SEAL_KEYS} fits. The ring keeps copies of the secrets.
 *
 * @throws {TypeError} the list is missing, or an id or a secret.
 * @throws {RangeError} the list is empty, or has an id twice.
 */
export function keyRing(keys: readonly Partial<SealKey>[] | undefined): KeyRing {
  if (keys === undefined) throw new TypeError('keys of sealed must be an array, not undefined.');
  const byId = new Map<string, RingKey>();
  for (const [place, { id, secret }] of keys.entries()) {
    if (id === undefined || secret === undefined) {
      throw new TypeError(`keys[${place}] of sealed must have an id and a secret.`);
    }
    if (byId.has(id)) throw new RangeError(`keys of sealed must have different ids, and "${id}" is there twice.`);
    byId.set(id, { id, secret: createSecretKey(secret) });
  }
  const [sealing] = byId.values();
  if (sealing === undefined) throw new RangeError('keys of sealed must hold at least one key.');
  return { sealing, byId };
}
