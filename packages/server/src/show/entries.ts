import { type TaskEntryKind, TaskError, type TaskRecord } from '@mcp-tasks/store';
import { type InputRequest, type JsonObject, type JsonValue, VARIABLES_META_KEY } from '@mcp-tasks/wire';

/** `_meta` with the published variables of a task. */
export type PublishedMeta = Readonly<Record<typeof VARIABLES_META_KEY, JsonObject>>;

/**
 * The value of an entry that a record must have.
 *
 * @throws {TaskError} STORE_CORRUPT_RECORD - it is missing or no JSON.
 */
export function readEntry(record: TaskRecord, kind: TaskEntryKind, name = ''): unknown {
  const entry = record.entries.find((candidate) => candidate.kind === kind && candidate.name === name);
  if (entry === undefined) throw corrupt(record, name === '' ? `has no ${kind}` : `has no ${kind} "${name}"`);
  return parse(record, entry.value);
}

/** The requests of the questions that are open, by key, in the order in which they were asked. */
export function readOpenQuestions(record: TaskRecord): Readonly<Record<string, InputRequest>> {
  return Object.fromEntries(
    record.head.openQuestions.map((key) => [key, readEntry(record, 'question', key) as InputRequest]),
  );
}

/** Make the shown form of a task, with the published variables in its `_meta` when there are any. */
export function withPublished<Shown extends object>(
  shown: Shown,
  record: TaskRecord,
): Shown & { readonly _meta?: PublishedMeta } {
  const published = record.entries.filter(({ kind }) => kind === 'published');
  if (published.length === 0) return shown;
  const variables = Object.fromEntries(published.map(({ name, value }) => [name, parse(record, value)]));
  return { ...shown, _meta: { [VARIABLES_META_KEY]: variables } };
}

function parse(record: TaskRecord, text: string): JsonValue {
  try {
    return JSON.parse(text) as JsonValue;
  } catch (error) {
    throw corrupt(record, 'has an entry that is not JSON', error);
  }
}

function corrupt(record: TaskRecord, what: string, cause?: unknown): TaskError {
  const { taskId } = record.head;
  return new TaskError('STORE_CORRUPT_RECORD', `Task ${taskId} ${what}.`, { details: { taskId }, cause });
}
