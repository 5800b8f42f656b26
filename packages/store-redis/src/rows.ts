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
  /** Value of the field where the hash lacks it; a field without this default must be there. */
  readonly missing?: undefined | null;
}

const json: Field = {};
const plain: Field = { isPlain: true };

/** The form in which a hash keeps each field of a head; the owner is kept beside them. */
const FIELDS: Readonly<Record<Name, Field>> = {
  taskId: plain,
  version: json,
  status: plain,
  statusMessage: { missing: undefined },
  progress: { missing: undefined },
  createdAtMs: json,
  lastUpdatedAtMs: json,
  ttlMs: json,
  expiresAtMs: json,
  pollIntervalMs: json,
  handler: plain,
  callDigest: plain,
  ttlRequested: { missing: undefined },
  attempt: json,
  crashCount: json,
  holder: { ...plain, missing: undefined },
  dueAtMs: { missing: null },
  openQuestions: json,
  toolError: { missing: undefined },
};

const FIELD_LIST = Object.entries(FIELDS) as readonly (readonly [Name, Field])[];

/** Encode fields and values of a head (or of the set part of a patch) for a script, after their count. */
export function fieldArguments(head: TaskHead | TaskHeadPatch): (string | number)[] {
  const values: Readonly<Record<string, unknown>> = { ...head };
  const set = FIELD_LIST.flatMap(([name, { isPlain }]) => {
    const value = values[name];
    return value === undefined || value === null ? [] : [name, isPlain ? (value as string) : JSON.stringify(value)];
  });
  return [set.length / 2, ...set];
}

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
  if (text === undefined) {
    if ('missing' in field) return field.missing;
    throw new TypeError(`The field "${name}" is missing.`);
  }
  return checkHeadField(name, field.isPlain ? text : JSON.parse(text));
}

/** Encode an owner as a part of keys: base64url holds no colon. */
export const ownerKey = (owner: string): string => Buffer.from(owner, 'utf8').toString('base64url');

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
