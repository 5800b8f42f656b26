import type { TaskEntry, TaskEntryKind, TaskHead, TaskRecord } from '@mcp-tasks/store';
import { TaskError } from '@mcp-tasks/store';

/** A head as `head_json` shows it. */
export type HeadJson = Readonly<Record<string, unknown>> & { readonly taskId: string; readonly owner: string };

/** The head of a row: owner decoded, absent fields left out. */
export function headOf(json: HeadJson): TaskHead {
  const { owner, statusMessage, progress, holder, toolError, ttlRequested, ...rest } = json;
  return {
    ...rest,
    owner: Buffer.from(owner, 'base64').toString('utf8'),
    ...(statusMessage != null && { statusMessage }),
    ...(progress != null && { progress }),
    ...(holder != null && { holder }),
    ...(toolError != null && { toolError }),
    ...(ttlRequested === true && { ttlRequested }),
  } as unknown as TaskHead;
}

/** Fields whose text may hold NUL, which PostgreSQL text cannot: they travel and rest as JSON text. */
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

/** One row of `get`: a head, or an entry. */
export interface GetRow {
  readonly task_id: string;
  readonly head: HeadJson | null;
  readonly kind: TaskEntryKind | null;
  readonly name: Buffer | null;
  readonly value: string | null;
}

/** Put the rows of `get` together, one record a task. @throws {TaskError} STORE_CORRUPT_RECORD - an entry without its parts. */
export function recordsOf(rows: readonly GetRow[]): readonly TaskRecord[] {
  const records = new Map<string, { head: TaskHead; entries: TaskEntry[] }>();
  for (const row of rows) if (row.head) records.set(row.task_id, { head: headOf(row.head), entries: [] });
  for (const { task_id: taskId, kind, name, value } of rows) {
    if (kind === null) continue;
    if (name === null || value === null) {
      throw new TaskError('STORE_CORRUPT_RECORD', `The record of task ${taskId} cannot be read.`, {
        details: { taskId },
      });
    }
    records.get(taskId)?.entries.push({ kind, name: name.toString('utf8'), value });
  }
  return [...records.values()];
}
