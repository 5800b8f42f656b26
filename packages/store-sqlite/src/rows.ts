import type { TaskEntry, TaskEntryKind, TaskHead, TaskHeadPatch } from '@mcp-tasks/store';
import { TASK_STATUSES } from '@mcp-tasks/wire';
import { corruptRecord } from './errors.ts';
import type { SqliteValue } from './sqlite-database.ts';
import type { SqliteParameters, SqliteRow } from './sqlite-session.ts';

/** How one kind of value is kept in a column; `decode` throws for what `encode` cannot have written. */
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

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Text as a column keeps it. */
export function textToBlob(text: string): Buffer {
  return Buffer.from(text);
}

/** Text as a row gives it back; throws for anything but UTF-8. */
export function textOf(stored: unknown): string {
  if (!(stored instanceof Uint8Array)) throw new TypeError('The value is not a blob.');
  return utf8.decode(stored);
}

const text: ColumnType = { encode: textToBlob, decode: textOf };
const status: ColumnType = {
  encode: (value: string) => value,
  decode: (stored) => {
    const found = TASK_STATUSES.find((known) => known === stored);
    if (found === undefined) throw new TypeError('The value is not a status.');
    return found;
  },
};
const number: ColumnType = { encode: (value: number) => value, decode: numberOf };
const flag: ColumnType = { encode: Number, decode: (stored) => numberOf(stored) !== 0 };
const json = (isValid: (value: unknown) => boolean): ColumnType => ({
  encode: (value: unknown) => textToBlob(JSON.stringify(value)),
  decode: (stored) => {
    const value: unknown = JSON.parse(textOf(stored));
    if (!isValid(value)) throw new TypeError('The value is not of the expected shape.');
    return value;
  },
});

function numberOf(stored: unknown): number {
  if (typeof stored !== 'number') throw new TypeError('The value is not a number.');
  return stored;
}

function isProgress(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'done' in value && typeof value.done === 'number';
}

function isTextList(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

/** Where each field of a head is kept. */
const COLUMNS: Readonly<Record<keyof TaskHead, Column>> = {
  taskId: { name: 'task_id', type: text },
  owner: { name: 'owner', type: text },
  version: { name: 'version', type: number },
  status: { name: 'status', type: status },
  statusMessage: { name: 'status_message', type: text, empty: 'absent' },
  progress: { name: 'progress', type: json(isProgress), empty: 'absent' },
  createdAtMs: { name: 'created_at_ms', type: number },
  lastUpdatedAtMs: { name: 'last_updated_at_ms', type: number },
  ttlMs: { name: 'ttl_ms', type: number },
  expiresAtMs: { name: 'expires_at_ms', type: number },
  pollIntervalMs: { name: 'poll_interval_ms', type: number },
  handler: { name: 'handler', type: text },
  callDigest: { name: 'call_digest', type: text },
  ttlRequested: { name: 'ttl_requested', type: flag, empty: 'absent' },
  attempt: { name: 'attempt', type: number },
  crashCount: { name: 'crash_count', type: number },
  holder: { name: 'holder', type: text, empty: 'absent' },
  dueAtMs: { name: 'due_at_ms', type: number, empty: 'null' },
  openQuestions: { name: 'open_questions', type: json(isTextList) },
  toolError: { name: 'tool_error', type: text, empty: 'absent' },
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
      head[field] = type.decode(stored);
    } catch (cause) {
      throw corruptRecord(shownTaskId(row), cause);
    }
  }
  // Each field has been checked against its column type.
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
