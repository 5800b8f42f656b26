import {
  checkHeadField,
  type ClaimOutcome,
  corruptRecord,
  decodeRecord,
  decodeUtf8,
  type TaskEntry,
  type TaskEntryKind,
  type TaskHead,
  type TaskRecord,
} from '@mcp-tasks/store';

/**
 * Decoders of the forms in which `head_text` shows a field; each throws for a value that the store cannot have written.
 */
const FORMS = {
  plain: (stored: unknown) => stored,
  /** Bytes travel as base64, which any client can take. */
  base64: (stored: unknown) => decodeUtf8(Buffer.from(text(stored), 'base64')),
  /** Text that may hold NUL, which PostgreSQL text cannot, travels and rests as JSON text. */
  json: (stored: unknown) => JSON.parse(text(stored)) as unknown,
};

function text(stored: unknown): string {
  if (typeof stored !== 'string') throw new TypeError('The value is not a text.');
  return stored;
}

interface Field {
  readonly form: keyof typeof FORMS;
  /** Meaning of NULL: an absent field, or null where the head knows null. */
  readonly empty?: 'absent' | 'null';
}

const plain: Field = { form: 'plain' };
const json: Field = { form: 'json' };

/** The form in which `head_text` shows each field of a head. */
const FIELDS: Readonly<Record<keyof TaskHead, Field>> = {
  taskId: plain,
  owner: { form: 'base64' },
  version: plain,
  writeId: plain,
  status: plain,
  statusMessage: { ...json, empty: 'absent' },
  progress: { ...json, empty: 'absent' },
  createdAtMs: plain,
  lastUpdatedAtMs: plain,
  ttlMs: plain,
  expiresAtMs: plain,
  pollIntervalMs: plain,
  handler: json,
  queue: json,
  callDigest: json,
  ttlRequested: { ...plain, empty: 'absent' },
  attempt: plain,
  crashCount: plain,
  holder: { ...json, empty: 'absent' },
  dueAtMs: { ...plain, empty: 'null' },
  openQuestions: json,
  progressAtMs: { ...plain, empty: 'absent' },
  resultError: { ...json, empty: 'absent' },
  joinKey: { ...json, empty: 'absent' },
  joinState: { ...plain, empty: 'absent' },
  entryBytes: plain,
};

const FIELD_LIST = Object.entries(FIELDS) as readonly (readonly [keyof TaskHead, Field])[];

const JSON_TEXT_FIELDS: ReadonlySet<string> = new Set(
  FIELD_LIST.flatMap(([name, { form }]) => (form === 'json' ? [name] : [])),
);

/** Encode a head, or a patch of one, for the functions of the schema. */
export function headParameter(fields: object): string {
  return JSON.stringify(fields, (name, value: unknown) =>
    JSON_TEXT_FIELDS.has(name) && value != null ? JSON.stringify(value) : value,
  );
}

/**
 * Decode the head that `head_text` shows.
 *
 * @throws {TaskError} STORE_CORRUPT_RECORD - a column holds a value that the store never wrote.
 */
export function headOf(shown: string): TaskHead {
  const stored = JSON.parse(shown) as Readonly<Record<string, unknown>>;
  const head: Record<string, unknown> = {};
  for (const [field, { form, empty }] of FIELD_LIST) {
    const value = stored[field];
    if (value === null && empty !== undefined) {
      if (empty === 'null') head[field] = null;
      continue;
    }
    try {
      head[field] = checkHeadField(field, FORMS[form](value));
    } catch (cause) {
      throw corruptRecord(String(stored['taskId']), cause);
    }
  }
  // Each field has been checked.
  return head as unknown as TaskHead;
}

/** A row of the statements that return heads. */
export interface HeadRow {
  readonly head: string;
}

/**
 * Decode the heads of rows. A task that cannot be decoded is left out, so that it does not stand in the way of others.
 */
export function decodableHeads(rows: readonly HeadRow[]): readonly TaskHead[] {
  return rows.flatMap(({ head }) => decodeRecord(() => headOf(head), false));
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
 * @throws {TaskError} STORE_CORRUPT_RECORD - `isOnlyOne`, and the task cannot be decoded. Among several such a task is
 * left
 *   out: it must not delay waiters for the others.
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
      : decodeRecord(
          () => ({ head: headOf(head), entries: (entryRows.get(taskId) ?? []).map((row) => entryOf(row)) }),
          isOnlyOne,
        ),
  );
}

/** One row of `claim`: a head, an entry of a head, or, without a task, what the claim came to. */
export interface ClaimRow extends Omit<GetRow, 'task_id'> {
  readonly task_id: string | null;
  readonly last_owner: string | null;
  readonly next_due_at_ms: string | null;
  readonly is_again: boolean | null;
}

/** Put the rows of `claim` together. A claimed task that cannot be decoded is left out. */
export function claimedOf(rows: readonly ClaimRow[]): ClaimOutcome & { readonly isAgain: boolean } {
  const end = rows.find((row) => row.task_id === null);
  const { last_owner: lastOwner = null, next_due_at_ms: nextDueAtMs = null } = end ?? {};
  return {
    records: recordsOf(
      rows.filter((row): row is ClaimRow & GetRow => row.task_id !== null),
      false,
    ),
    ...(lastOwner !== null && { lastOwner: FORMS.base64(lastOwner) }),
    nextDueAtMs: nextDueAtMs === null ? null : Number(nextDueAtMs),
    isAgain: end?.is_again === true,
  };
}

function entryOf({ task_id: taskId, kind, name, value }: GetRow): TaskEntry {
  try {
    return { kind: text(kind) as TaskEntryKind, name: FORMS.base64(name), value: text(value) };
  } catch (cause) {
    throw corruptRecord(taskId, cause);
  }
}
