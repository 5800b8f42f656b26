import {
  decodeRecord,
  type ListTasks,
  type TaskEntryKind,
  type TaskHead,
  type TaskPage,
  type TaskRecord,
} from '@mcp-tasks/store';
import { entryOf, headOf, textToBlob } from './rows.ts';
import type { SqliteRow, SqliteSession } from './sqlite-session.ts';
import * as sql from './statements.ts';

// What the reading methods of the port do, each with one statement.

/** Text in a JSON list of parameters; it may hold any character. */
export function hexOf(text: string): string {
  return Buffer.from(text).toString('hex');
}

/**
 * Read live tasks by id, in the order asked for.
 *
 * @throws {TaskError} STORE_CORRUPT_RECORD - one task was asked for and cannot be decoded. Among several such a task is
 *   left out, so that readers of the others do not wait for it.
 */
export function getRecords(
  session: SqliteSession,
  input: { readonly taskIds: readonly string[]; readonly kinds: readonly TaskEntryKind[]; readonly nowMs: number },
): readonly TaskRecord[] {
  const ids = [...new Set(input.taskIds)];
  const rows = session.all(sql.GET_RECORDS, {
    task_ids: JSON.stringify(ids.map(hexOf)),
    kinds: JSON.stringify(input.kinds),
    now: input.nowMs,
  });
  const entryRows = new Map<unknown, SqliteRow[]>();
  const headRows: SqliteRow[] = [];
  for (const row of rows) {
    if (row['kind'] === null) headRows.push(row);
    else if (!entryRows.get(row['seq'])?.push(row)) entryRows.set(row['seq'], [row]);
  }
  const records = headRows.flatMap((row) =>
    decodeRecord(() => recordOf(row, entryRows.get(row['seq']) ?? []), ids.length === 1),
  );
  const places = new Map(ids.map((id, place) => [id, place]));
  const placeOf = ({ head }: TaskRecord) => places.get(head.taskId) ?? ids.length;
  return records.sort((left, right) => placeOf(left) - placeOf(right));
}

function recordOf(row: SqliteRow, entryRows: readonly SqliteRow[]): TaskRecord {
  const head = headOf(row);
  return { head, entries: entryRows.map((entryRow) => entryOf(entryRow, head.taskId)) };
}

/** One page of an owner's live tasks. */
export function listTasks(session: SqliteSession, { owner, after, limit, nowMs }: ListTasks): TaskPage {
  const position = after && { created_at_ms: after.createdAtMs, task_id: textToBlob(after.taskId) };
  const heads = firstDecodable(limit + 1, (count) =>
    session.all(position ? sql.LIST_AFTER : sql.LIST_FIRST, {
      ...position,
      owner: textToBlob(owner),
      now: nowMs,
      limit: count,
    }),
  );
  return { heads: heads.slice(0, limit), hasMore: heads.length > limit };
}

/** Live, non-terminal tasks of the named handlers whose time has come. */
export function dueTasks(
  session: SqliteSession,
  input: { readonly handlers: readonly string[]; readonly limit: number; readonly nowMs: number },
): readonly TaskHead[] {
  const handlers = JSON.stringify([...new Set(input.handlers)].map(hexOf));
  return firstDecodable(input.limit, (count) =>
    session.all(sql.LIST_DUE, { handlers, now: input.nowMs, limit: count }),
  );
}

/** The heads of rows; a task that cannot be decoded is left out, so that it does not stand in the way of others. */
export function decodableHeads(rows: readonly SqliteRow[]): readonly TaskHead[] {
  return rows.flatMap((row) => decodeRecord(() => headOf(row), false));
}

/** The first heads that can be decoded: what cannot be is read past, with one more statement each time some is met. */
function firstDecodable(limit: number, read: (count: number) => readonly SqliteRow[]): readonly TaskHead[] {
  for (let passed = 0; ;) {
    const rows = read(limit + passed);
    const heads = decodableHeads(rows);
    if (heads.length >= limit || rows.length < limit + passed) return heads.slice(0, limit);
    passed = rows.length - heads.length;
  }
}
