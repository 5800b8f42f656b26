import { type TaskEntry, type TaskEntryKind, TaskError, type TaskHead, type TaskRecord } from '@mcp-tasks/store';
import { TASK_STATUSES } from '@mcp-tasks/wire';
import { corruptRecord } from './errors.ts';

/** Turns a value of `head_text` into that of a field; throws for what the store cannot have written. */
type Decode = (stored: unknown) => unknown;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Bytes travel as base64, which any client can take. */
const bytesText = (stored: unknown): string => utf8.decode(Buffer.from(text(stored), 'base64'));

/** Text that may hold NUL, which PostgreSQL text cannot, travels and rests as JSON text. */
const json =
  (isValid: (value: unknown) => boolean): Decode =>
  (stored) =>
    checked(JSON.parse(text(stored)), isValid);

const isText = (value: unknown): value is string => typeof value === 'string';
const isTextList = (value: unknown): boolean => Array.isArray(value) && value.every(isText);
const isProgress = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && 'done' in value && typeof value.done === 'number';
const isStatus = (value: unknown): boolean => TASK_STATUSES.some((known) => known === value);

function checked(value: unknown, isValid: (value: unknown) => boolean): unknown {
  if (!isValid(value)) throw new TypeError('The value is not of the expected shape.');
  return value;
}

function text(stored: unknown): string {
  return checked(stored, isText) as string;
}

const number: Decode = (stored) => checked(stored, Number.isFinite);
const jsonText = json(isText);

interface Field {
  readonly decode: Decode;
  /** NULL stands for an absent field, or for null where the head knows null. */
  readonly empty?: 'absent' | 'null';
}

/** How `head_text` shows each field of a head. */
const FIELDS: Readonly<Record<keyof TaskHead, Field>> = {
  taskId: { decode: text },
  owner: { decode: bytesText },
  version: { decode: number },
  status: { decode: (stored) => checked(stored, isStatus) },
  statusMessage: { decode: jsonText, empty: 'absent' },
  progress: { decode: json(isProgress), empty: 'absent' },
  createdAtMs: { decode: number },
  lastUpdatedAtMs: { decode: number },
  ttlMs: { decode: number },
  expiresAtMs: { decode: number },
  pollIntervalMs: { decode: number },
  handler: { decode: jsonText },
  callDigest: { decode: jsonText },
  ttlRequested: { decode: (stored) => checked(stored, (value) => typeof value === 'boolean'), empty: 'absent' },
  attempt: { decode: number },
  crashCount: { decode: number },
  holder: { decode: jsonText, empty: 'absent' },
  dueAtMs: { decode: number, empty: 'null' },
  openQuestions: { decode: json(isTextList) },
  toolError: { decode: jsonText, empty: 'absent' },
};

const FIELD_LIST = Object.entries(FIELDS) as readonly (readonly [keyof TaskHead, Field])[];

const JSON_TEXT_FIELDS: ReadonlySet<string> = new Set([
  'handler',
  'holder',
  'callDigest',
  'statusMessage',
  'progress',
  'openQuestions',
  'toolError',
]);

/** A head or a patch of one as the functions of the schema take it. */
export function headParameter(fields: object): string {
  return JSON.stringify(fields, (name, value: unknown) =>
    JSON_TEXT_FIELDS.has(name) && value != null ? JSON.stringify(value) : value,
  );
}

/**
 * The head that `head_text` shows.
 *
 * @throws {TaskError} STORE_CORRUPT_RECORD - a column holds what the store never wrote.
 */
export function headOf(shown: string): TaskHead {
  const stored = JSON.parse(shown) as Readonly<Record<string, unknown>>;
  const head: Record<string, unknown> = {};
  for (const [field, { decode, empty }] of FIELD_LIST) {
    const value = stored[field];
    if (value === null && empty !== undefined) {
      if (empty === 'null') head[field] = null;
      continue;
    }
    try {
      head[field] = decode(value);
    } catch (cause) {
      throw corruptRecord(String(stored['taskId']), cause);
    }
  }
  // Each field has been checked by its own decoder.
  return head as unknown as TaskHead;
}

/** A row of the statements that answer heads. */
export interface HeadRow {
  readonly head: string;
}

/** The heads of rows; a task that cannot be decoded is left out, so that it does not stand in the way of others. */
export function decodableHeads(rows: readonly HeadRow[]): readonly TaskHead[] {
  return rows.flatMap(({ head }) => decodable(() => headOf(head), false));
}

/** One row of `get`: a head, or an entry of a head. */
export interface GetRow {
  readonly task_id: string;
  readonly head: string | null;
  readonly kind: TaskEntryKind | null;
  readonly name: string | null;
  readonly value: string | null;
}

/**
 * Put the rows of `get` together, one record a task.
 *
 * @throws {TaskError} STORE_CORRUPT_RECORD - `isOnlyOne`, and the task cannot be decoded. Among several such a task is left
 *   out: whoever waits for the others is not to wait for it.
 */
export function recordsOf(rows: readonly GetRow[], isOnlyOne: boolean): readonly TaskRecord[] {
  const entryRows = new Map<string, GetRow[]>();
  for (const row of rows) {
    if (row.head !== null) continue;
    if (!entryRows.get(row.task_id)?.push(row)) entryRows.set(row.task_id, [row]);
  }
  return rows.flatMap(({ head, task_id: taskId }) =>
    head === null
      ? []
      : decodable(
          () => ({ head: headOf(head), entries: (entryRows.get(taskId) ?? []).map((row) => entryOf(row)) }),
          isOnlyOne,
        ),
  );
}

function entryOf({ task_id: taskId, kind, name, value }: GetRow): TaskEntry {
  try {
    return { kind: text(kind) as TaskEntryKind, name: bytesText(name), value: text(value) };
  } catch (cause) {
    throw corruptRecord(taskId, cause);
  }
}

function decodable<Value>(decode: () => Value, isRequired: boolean): readonly Value[] {
  try {
    return [decode()];
  } catch (error) {
    if (isRequired || !TaskError.is(error, 'STORE_CORRUPT_RECORD')) throw error;
    return [];
  }
}
