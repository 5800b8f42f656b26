import {
  checkHeadField,
  corruptRecord,
  decodeRecord,
  decodeUtf8,
  type TaskEntry,
  type TaskEntryKey,
  type TaskEntryKind,
  type TaskHead,
  type TaskHeadPatch,
  type TaskRecord,
} from '@mcp-tasks/store';

/** A list of names and values, as HGETALL returns it inside a script. */
export type FlatHash = readonly string[];

type Name = Exclude<keyof TaskHead, 'owner'>;

interface Field {
  /** True when the value is kept as it is; any other value is kept as JSON text. */
  readonly isPlain?: true;
  /** Value of the field where the hash lacks it or has an empty text; a field without this default must be there. */
  readonly missing?: undefined | null;
}

const json: Field = {};
const plain: Field = { isPlain: true };

/** The form in which a hash keeps each field of a head; the owner is kept beside them. */
const FIELDS: Readonly<Record<Name, Field>> = {
  taskId: plain,
  version: json,
  writeId: plain,
  status: plain,
  statusMessage: { missing: undefined },
  progress: { missing: undefined },
  createdAtMs: json,
  lastUpdatedAtMs: json,
  ttlMs: json,
  expiresAtMs: json,
  pollIntervalMs: json,
  handler: plain,
  queue: plain,
  callDigest: plain,
  ttlRequested: { missing: undefined },
  attempt: json,
  crashCount: json,
  holder: { ...plain, missing: undefined },
  dueAtMs: { missing: null },
  progressAtMs: { missing: undefined },
  openQuestions: json,
  resultError: { missing: undefined },
  joinKey: { ...plain, missing: undefined },
  joinState: { ...plain, missing: undefined },
  entryBytes: json,
};

const FIELD_LIST = Object.entries(FIELDS) as readonly (readonly [Name, Field])[];

/** Encode fields and values of a head (or of the set part of a patch) for a script, as one list. */
export function fieldArguments(head: TaskHead | TaskHeadPatch): (string | number)[] {
  const values: Readonly<Record<string, unknown>> = { ...head };
  const set = FIELD_LIST.flatMap(([name, { isPlain }]) => {
    const value = values[name];
    return value === undefined || value === null ? [] : [name, isPlain ? (value as string) : JSON.stringify(value)];
  });
  return listArguments(set);
}

/** Encode a list for a script: its length, then its items. */
export const listArguments = (items: readonly (string | number)[]): (string | number)[] => [items.length, ...items];

/**
 * Decode the head that a hash holds.
 *
 * @throws {TaskError} STORE_CORRUPT_RECORD - a field is missing or holds a value that the store never wrote.
 */
export function headOf(hash: FlatHash): TaskHead {
  const stored = new Map<string, string>();
  for (let index = 0; index + 1 < hash.length; index += 2) stored.set(hash[index] ?? '', hash[index + 1] ?? '');
  try {
    const head: Record<string, unknown> = { owner: ownerOf(stored.get('_owner')) };
    for (const [name, field] of FIELD_LIST) {
      const value = valueOf(name, field, stored.get(name));
      if (value !== undefined) head[name] = value;
    }
    // Each field has been checked.
    return head as unknown as TaskHead;
  } catch (cause) {
    throw corruptRecord(stored.get('taskId') ?? '', cause);
  }
}

function valueOf(name: Name, field: Field, text: string | undefined): unknown {
  if ('missing' in field && (text === undefined || text === '')) return field.missing;
  if (text === undefined) {
    throw new TypeError(`The field "${name}" is missing.`);
  }
  return checkHeadField(name, field.isPlain ? text : JSON.parse(text));
}

/** Encode an owner as a part of keys: base64url holds no colon. */
export const ownerKey = (owner: string): string => Buffer.from(owner, 'utf8').toString('base64url');

const URL_LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const SORTED_LETTERS = '-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz';

/** Encode an owner so that texts are in the order of the owners' bytes: base64url in a sorted alphabet. */
export const sortedOwner = (owner: string): string => translated(ownerKey(owner), URL_LETTERS, SORTED_LETTERS);

/**
 * Decode the owner at which a claim stopped. A task whose owner was damaged may come last: then the next turn begins at
 * the first owner.
 */
export function lastOwnerOf(sorted: string | null): { readonly lastOwner?: string } {
  if (sorted === null) return {};
  try {
    return { lastOwner: ownerOf(translated(sorted, SORTED_LETTERS, URL_LETTERS)) };
  } catch {
    return {};
  }
}

const translated = (text: string, from: string, to: string): string =>
  text.replaceAll(/./g, (letter) => to.charAt(from.indexOf(letter)));

/** Encode a queue and a handler as a part of keys: the queue comes behind its length. */
export const groupKey = (queue: string, handler: string): string => `${Buffer.byteLength(queue)}:${queue}${handler}`;

function ownerOf(key: string | undefined): string {
  const bytes = Buffer.from(key ?? '', 'base64url');
  if (key === undefined || bytes.toString('base64url') !== key) throw new TypeError('The owner is not base64url.');
  return decodeUtf8(bytes);
}

/** Encode the name of an entry for a script. */
export const keyArguments = ({ kind, name }: TaskEntryKey): [string, string] => [kind, name];

/** Encode entries for a script: their number, then each with its value. */
export const putArguments = (entries: readonly TaskEntry[]): (string | number)[] => [
  entries.length,
  ...entries.flatMap((entry) => [...keyArguments(entry), entry.value]),
];

/**
 * Decode the heads of hashes. A task that cannot be decoded is left out, so that it does not stand in the way of
 * others.
 */
export function decodableHeads(hashes: readonly FlatHash[]): readonly TaskHead[] {
  return hashes.flatMap((hash) => decodeRecord(() => headOf(hash), false));
}

/**
 * Read the first heads that can be decoded. It reads past corrupt ones, with one more script each time it meets some.
 */
export async function firstDecodable(
  limit: number,
  read: (count: number) => Promise<readonly FlatHash[]>,
): Promise<readonly TaskHead[]> {
  for (let passed = 0; ;) {
    const hashes = await read(limit + passed);
    const heads = decodableHeads(hashes);
    if (heads.length >= limit || hashes.length < limit + passed) return heads.slice(0, limit);
    passed = hashes.length - heads.length;
  }
}

/** One task as the `get` script returns it: `null` stands for a hash of entries that cannot be read. */
export type RecordReply = readonly [FlatHash, readonly (readonly [TaskEntryKind, FlatHash | null])[]];

/**
 * Decode the records of a reply of `get`.
 *
 * @throws {TaskError} STORE_CORRUPT_RECORD - `isOnlyOne`, and the task cannot be decoded. Among several such a task is
 * left
 *   out: it must not delay waiters for the others.
 */
export function recordsOf(replies: readonly RecordReply[], isOnlyOne: boolean): readonly TaskRecord[] {
  return replies.flatMap((reply) => decodeRecord(() => recordOf(reply), isOnlyOne));
}

function recordOf([hash, kinds]: RecordReply): TaskRecord {
  const head = headOf(hash);
  const entries: TaskEntry[] = [];
  for (const [kind, rows] of kinds) {
    if (rows === null) throw corruptRecord(head.taskId, new TypeError(`The entries of kind "${kind}" are not a hash.`));
    for (let index = 0; index + 1 < rows.length; index += 2)
      entries.push({ kind, name: rows[index] ?? '', value: rows[index + 1] ?? '' });
  }
  return { head, entries };
}
