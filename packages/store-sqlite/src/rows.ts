import {
  checkHeadField,
  corruptRecord,
  decodeUtf8,
  type TaskEntry,
  type TaskEntryKind,
  type TaskHead,
  type TaskHeadPatch,
} from '@mcp-tasks/store';
import type { SqliteValue } from './sqlite-database.ts';
import type { SqliteParameters, SqliteRow } from './sqlite-session.ts';

/** How one kind of value is kept in a column; what `decode` gives back is checked as a field of a head. */
interface ColumnType {
  encode(value: never): SqliteValue;
  decode(stored: unknown): unknown;
}

interface Column {
  readonly name: string;
  readonly type: ColumnType;
  /** NULL stands for an absent field, or for null where the head knows null. */
  readonly empty?: 'absent' | 'null';
}

/** Text as a column keeps it. */
export function textToBlob(text: string): Buffer {
  return Buffer.from(text);
}

/** Text as a row gives it back; throws for anything but UTF-8. */
export function textOf(stored: unknown): string {
  if (!(stored instanceof Uint8Array)) throw new TypeError('The value is not a blob.');
  return decodeUtf8(stored);
}

const text: ColumnType = { encode: textToBlob, decode: textOf };
const plain: ColumnType = { encode: (value: string | number) => value, decode: (stored) => stored };
const flag: ColumnType = { encode: Number, decode: (stored) => (stored === 0 || stored === 1 ? stored === 1 : stored) };
const json: ColumnType = {
  encode: (value: unknown) => textToBlob(JSON.stringify(value)),
  decode: (stored) => JSON.parse(textOf(stored)) as unknown,
};

/** Where each field of a head is kept. */
const COLUMNS: Readonly<Record<keyof TaskHead, Column>> = {
  taskId: { name: 'task_id', type: text },
  owner: { name: 'owner', type: text },
  version: { name: 'version', type: plain },
  writeId: { name: 'write_id', type: text },
  status: { name: 'status', type: plain },
  statusMessage: { name: 'status_message', type: text, empty: 'absent' },
  progress: { name: 'progress', type: json, empty: 'absent' },
  createdAtMs: { name: 'created_at_ms', type: plain },
  lastUpdatedAtMs: { name: 'last_updated_at_ms', type: plain },
  ttlMs: { name: 'ttl_ms', type: plain },
  expiresAtMs: { name: 'expires_at_ms', type: plain },
  pollIntervalMs: { name: 'poll_interval_ms', type: plain },
  handler: { name: 'handler', type: text },
  queue: { name: 'queue', type: text },
  callDigest: { name: 'call_digest', type: text },
  ttlRequested: { name: 'ttl_requested', type: flag, empty: 'absent' },
  attempt: { name: 'attempt', type: plain },
  crashCount: { name: 'crash_count', type: plain },
  holder: { name: 'holder', type: text, empty: 'absent' },
  dueAtMs: { name: 'due_at_ms', type: plain, empty: 'null' },
  progressAtMs: { name: 'progress_at_ms', type: plain, empty: 'absent' },
  openQuestions: { name: 'open_questions', type: json },
  resultError: { name: 'result_error', type: text, empty: 'absent' },
  joinKey: { name: 'join_key', type: text, empty: 'absent' },
  joinState: { name: 'join_state', type: plain, empty: 'absent' },
  entryBytes: { name: 'entry_bytes', type: plain },
};

const FIELDS = Object.entries(COLUMNS) as readonly (readonly [keyof TaskHead, Column])[];

/** Names of the columns of a head, in one order. */
export const HEAD_COLUMNS: readonly string[] = FIELDS.map(([, { name }]) => name);

/** Parameters for every column of a head, named like the column. */
export function headParameters(head: TaskHead): SqliteParameters {
  return Object.fromEntries(FIELDS.map(([field, column]) => [column.name, encoded(column, head[field])]));
}

/** Parameters for the columns that a patch changes, named like the column. */
export function patchParameters(patch: TaskHeadPatch): SqliteParameters {
  const fields = Object.entries(patch) as [keyof TaskHeadPatch, unknown][];
  return Object.fromEntries(
    fields
      .filter(([, value]) => value !== undefined)
      .map(([field, value]) => [COLUMNS[field].name, encoded(COLUMNS[field], value)]),
  );
}

function encoded({ type }: Column, value: unknown): SqliteValue {
  return value === undefined || value === null ? null : type.encode(value as never);
}

/**
 * The head that a row holds.
 *
 * @throws {TaskError} STORE_CORRUPT_RECORD - a column holds what the store never wrote.
 */
export function headOf(row: SqliteRow): TaskHead {
  const head: Record<string, unknown> = {};
  for (const [field, { name, type, empty }] of FIELDS) {
    const stored = row[name];
    if (stored === null && empty !== undefined) {
      if (empty === 'null') head[field] = null;
      continue;
    }
    try {
      head[field] = checkHeadField(field, type.decode(stored));
    } catch (cause) {
      throw corruptRecord(shownTaskId(row), cause);
    }
  }
  // Each field has been checked.
  return head as unknown as TaskHead;
}

/** The id of a row that may not be decodable. */
function shownTaskId({ task_id: stored }: SqliteRow): string {
  return stored instanceof Uint8Array ? Buffer.from(stored).toString() : String(stored);
}

/**
 * The entry that a row holds.
 *
 * @throws {TaskError} STORE_CORRUPT_RECORD - its name or value is not text.
 */
export function entryOf(row: SqliteRow, taskId: string): TaskEntry {
  try {
    return { kind: row['kind'] as TaskEntryKind, name: textOf(row['name']), value: textOf(row['value']) };
  } catch (cause) {
    throw corruptRecord(taskId, cause);
  }
}
