/**
 * The seal of one entry value. A sealed value is JSON text like every value of a store:
 *
 *     "sealed:1:KEY ID:BASE64URL OF (nonce, 12 bytes; ciphertext; tag, 16 bytes)"
 *
 * The cipher is AES-256-GCM with a random nonce for each value. Version, key id, task id, kind and name are its
 * additional data, so that a value opens only where it was sealed.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { TaskEntry, TaskEntryKey } from '../port/record.ts';
import { TaskError } from '../port/task-error.ts';
import type { KeyRing, RingKey } from './key-ring.ts';

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** The beginning of every value that any version of the seal makes. */
const SEALED = '"sealed:';
const VERSION_1 = `${SEALED}1:`;

/** Seal the value of an entry with the first key of the ring. */
export function sealEntry({ sealing }: KeyRing, taskId: string, entry: TaskEntry): TaskEntry {
  const { kind, name, value } = entry;
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, sealing.secret, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(placeOf(sealing, taskId, entry));
  const parts = [nonce, cipher.update(value, 'utf8'), cipher.final(), cipher.getAuthTag()];
  return { kind, name, value: `${VERSION_1}${sealing.id}:${Buffer.concat(parts).toString('base64url')}"` };
}

/** How values are opened. */
export interface Opening {
  readonly ring: KeyRing;
  /** Values that are not sealed are taken as they are. */
  readonly acceptPlain: boolean;
}

/**
 * Open the value of an entry.
 *
 * @throws {TaskError} STORE_CORRUPT_RECORD - the value is not sealed, its key is not in the ring, or it is not as the
 *   key sealed it for this place.
 */
export function openEntry({ ring, acceptPlain }: Opening, taskId: string, entry: TaskEntry): TaskEntry {
  const { kind, name, value } = entry;
  if (!value.startsWith(SEALED)) {
    if (acceptPlain) return entry;
    throw notOpened(taskId, entry, 'It is not sealed: set `acceptPlain` while such tasks are left.');
  }
  const idEnd = value.indexOf(':', VERSION_1.length);
  if (!value.startsWith(VERSION_1) || idEnd === -1 || !value.endsWith('"')) {
    throw notOpened(taskId, entry, 'It is not a seal of this version: restore or delete the task.');
  }
  const key = ring.byId.get(value.slice(VERSION_1.length, idEnd));
  if (key === undefined) throw notOpened(taskId, entry, 'Its key is not among `keys`: add the key with its id.');
  const opened = openText(key, placeOf(key, taskId, entry), value.slice(idEnd + 1, -1));
  if (opened === undefined) {
    throw notOpened(
      taskId,
      entry,
      'It was changed or moved, or the key of its id has another secret: correct the key, or restore or delete the task.',
    );
  }
  return { kind, name, value: opened };
}

/** Open what was sealed for a place; undefined when it was not sealed so. */
function openText({ secret }: RingKey, place: Buffer, text: string): string | undefined {
  const sealed = Buffer.from(text, 'base64url');
  // Node takes other characters than those of the encoding, and more bits than there are bytes.
  if (sealed.length < NONCE_BYTES + TAG_BYTES || sealed.toString('base64url') !== text) return undefined;
  const tagStart = sealed.length - TAG_BYTES;
  const decipher = createDecipheriv(CIPHER, secret, sealed.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
  decipher.setAAD(place);
  decipher.setAuthTag(sealed.subarray(tagStart));
  const bytes = decipher.update(sealed.subarray(NONCE_BYTES, tagStart));
  try {
    return Buffer.concat([bytes, decipher.final()]).toString('utf8');
  } catch {
    // Its message says only that the tag does not fit.
    return undefined;
  }
}

/** The additional data of a value: JSON keeps any two lists of texts apart. */
function placeOf({ id }: RingKey, taskId: string, { kind, name }: TaskEntryKey): Buffer {
  return Buffer.from(JSON.stringify([1, id, taskId, kind, name]));
}

function notOpened(taskId: string, { kind }: TaskEntryKey, reason: string): TaskError {
  const message = `An entry of kind "${kind}" of task ${taskId} cannot be opened. ${reason}`;
  return new TaskError('STORE_CORRUPT_RECORD', message, { details: { taskId, kind } });
}
