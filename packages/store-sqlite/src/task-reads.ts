import {
  decodeRecord,
  type DueTasks,
  type ListTasks,
  type TaskEntryKind,
  type TaskHead,
  type TaskPage,
  type TaskRecord,
} from '@mcp-tasks/store';
import { LIST_DUE, LIST_DUE_OF_OTHERS } from './due-statements.ts';
import { entryOf, headOf, textToBlob } from './rows.ts';
import type { SqliteParameters, SqliteRow, SqliteSession } from './sqlite-session.ts';
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
  input: {
    readonly taskIds: readonly string[];
    readonly owner?: string | undefined;
    readonly kinds: readonly TaskEntryKind[];
    readonly nowMs: number;
  },
): readonly TaskRecord[] {
  const ids = [...new Set(input.taskIds)];
  const rows = session.all(sql.GET_RECORDS, {
    task_ids: JSON.stringify(ids.map(hexOf)),
    owner: input.owner === undefined ? null : textToBlob(input.owner),
    kinds: JSON.stringify(input.kinds),
    now: input.nowMs,
  });
  const places = new Map(ids.map((id, place) => [id, place]));
  const placeOf = ({ head }: TaskRecord) => places.get(head.taskId) ?? ids.length;
  return recordsOf(rows, ids.length === 1).sort((left, right) => placeOf(left) - placeOf(right));
}

/**
 * Put heads and entries together again.
 *
 * @param isRequired - a record that cannot be decoded throws, and is not left out.
 */
export function recordsOf(rows: readonly SqliteRow[], isRequired: boolean): TaskRecord[] {
  const entryRows = new Map<unknown, SqliteRow[]>();
  const headRows: SqliteRow[] = [];
  for (const row of rows) {
    if (row['kind'] === null) headRows.push(row);
    else if (!entryRows.get(row['seq'])?.push(row)) entryRows.set(row['seq'], [row]);
  }
  return headRows.flatMap((row) => decodeRecord(() => recordOf(row, entryRows.get(row['seq']) ?? []), isRequired));
}

function recordOf(row: SqliteRow, entryRows: readonly SqliteRow[]): TaskRecord {
  const head = headOf(row);
  return { head, entries: entryRows.map((entryRow) => entryOf(entryRow, head.taskId)) };
}

/** Find the newest live task of an owner that an equal call can join. */
export function findJoinable(
  session: SqliteSession,
  input: { readonly owner: string; readonly joinKey: string; readonly nowMs: number },
): TaskHead | undefined {
  const found = { owner: textToBlob(input.owner), join_key: textToBlob(input.joinKey), now: input.nowMs };
  return firstDecodable(1, (limit) => session.all(sql.FIND_JOINABLE, { ...found, limit }))[0];
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

/** Where a task with a due time may stand: see the migration `0002-claims`. */
export const LANES = [0, 1, 2] as const;

/** Tasks that a statement looks at: queue and handler in hexadecimal, the lane, and from which crash count on suspects. */
export type TaskGroup = readonly [queue: string, handler: string, lane: number, suspectCrashCount: number | null];

/** Make a group of each queue, handler and lane. */
export function groupsOf(
  queues: readonly string[],
  handlers: ReadonlyMap<string, number | undefined>,
  lanes: readonly number[],
): readonly TaskGroup[] {
  return [...new Set(queues)].flatMap((queue) =>
    [...handlers].flatMap(([handler, suspectCrashCount = null]) =>
      lanes.map((lane): TaskGroup => [hexOf(queue), hexOf(handler), lane, suspectCrashCount]),
    ),
  );
}

/** One page of the live, non-terminal tasks of these handlers and queues whose time has come. */
export function dueTasks(session: SqliteSession, input: DueTasks): readonly TaskHead[] {
  const { after = BEFORE_ALL } = input;
  const page = {
    now: input.nowMs,
    after_due_at_ms: after.dueAtMs,
    after_task_id: textToBlob(after.taskId),
  };
  const { statement, groups } = dueStatement(input);
  return firstDecodable(input.limit, (limit) => session.all(statement, { ...groups, ...page, limit }));
}

/** Choose the statement for the handlers that are named, or for all others, with its parameters for them. */
function dueStatement({ handlers, queues }: DueTasks): { statement: string; groups: SqliteParameters } {
  if ('except' in handlers) {
    const listOf = (names: readonly string[]) => JSON.stringify([...new Set(names)].map(hexOf));
    const groups = { queues: listOf(queues), except: listOf(handlers.except), lanes: JSON.stringify(LANES) };
    return { statement: LIST_DUE_OF_OTHERS, groups };
  }
  const names = new Map(handlers.map((handler) => [handler, undefined]));
  return { statement: LIST_DUE, groups: { groups: JSON.stringify(groupsOf(queues, names, LANES)) } };
}

/** The place before every due task. */
export const BEFORE_ALL = { dueAtMs: -Number.MAX_VALUE, taskId: '' };

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
