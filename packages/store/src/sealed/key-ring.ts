import { createSecretKey, type KeyObject } from 'node:crypto';
import { types } from 'node:util';

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

/**
 * Check keys and make a ring of them. The ring keeps copies of the secrets.
 *
 * @throws {TypeError} the list, an id or a secret is of another type; {RangeError} - the list is empty, an id is not
 *   allowed or there twice, or a secret does not have 32 bytes.
 */
export function keyRing(keys: readonly SealKey[]): KeyRing {
  if (!Array.isArray(keys)) throw new TypeError('keys must be a list of keys.');
  const byId = new Map<string, RingKey>();
  for (const key of keys as readonly Partial<SealKey>[]) {
    const ringKey = checkedKey(key);
    if (byId.has(ringKey.id)) throw new RangeError(`keys must have different ids, and "${ringKey.id}" is there twice.`);
    byId.set(ringKey.id, ringKey);
  }
  const [sealing] = byId.values();
  if (sealing === undefined) throw new RangeError('keys must hold at least one key.');
  return { sealing, byId };
}

function checkedKey({ id, secret }: Partial<SealKey>): RingKey {
  if (typeof id !== 'string') throw new TypeError('keys must have texts as ids.');
  if (!KEY_ID.test(id)) {
    throw new RangeError('keys must have ids of 1 to 32 characters from A-Z, a-z, 0-9, ".", "_" and "-".');
  }
  if (!types.isUint8Array(secret)) throw new TypeError(`keys must have bytes as secrets, unlike "${id}".`);
  if (secret.length !== SECRET_BYTES) {
    throw new RangeError(`keys must have secrets of ${SECRET_BYTES} bytes; that of "${id}" has ${secret.length}.`);
  }
  return { id, secret: createSecretKey(secret) };
}
