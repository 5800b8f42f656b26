import type { TaskEntry, TaskEntryKind, TaskHead, TaskHeadPatch, TaskRecord } from '@mcp-tasks/store';
import { TaskError } from '@mcp-tasks/store';

/** Fields that are kept as they are; every other field of a head is kept as JSON text. */
const PLAIN_TEXT_FIELDS: ReadonlySet<string> = new Set(['taskId', 'status', 'handler', 'callDigest', 'holder']);

/** A name and value list, as HGETALL answers it. */
export type FlatHash = readonly string[];

/** Fields and values of a head (or of the set part of a patch) as a script takes them. */
export function fieldArguments(head: Partial<TaskHead> | TaskHeadPatch): string[] {
  return Object.entries(head)
    .filter(([name, value]) => value !== undefined && value !== null && name !== 'owner')
    .flatMap(([name, value]) => [name, PLAIN_TEXT_FIELDS.has(name) ? (value as string) : JSON.stringify(value)]);
}

/** @throws {TaskError} STORE_CORRUPT_RECORD - a field is missing or cannot be read. */
export function headOf(hash: FlatHash): TaskHead {
  const fields = new Map<string, string>();
  for (let index = 0; index + 1 < hash.length; index += 2) fields.set(hash[index] ?? '', hash[index + 1] ?? '');
  const taskId = fields.get('taskId') ?? '';
  try {
    const head: Record<string, unknown> = {
      owner: Buffer.from(fields.get('_owner') ?? '', 'base64url').toString('utf8'),
      dueAtMs: null,
    };
    for (const [name, text] of fields) {
      if (!name.startsWith('_')) head[name] = PLAIN_TEXT_FIELDS.has(name) ? text : JSON.parse(text);
    }
    if (typeof head['version'] !== 'number' || typeof head['status'] !== 'string')
      throw new TypeError('a field is missing');
    return head as unknown as TaskHead;
  } catch (error) {
    throw new TaskError('STORE_CORRUPT_RECORD', `The record of task ${taskId} cannot be read.`, {
      details: { taskId },
      cause: error,
    });
  }
}

/** One task as the `get` script answers it. */
export type RecordReply = readonly [FlatHash, readonly (readonly [TaskEntryKind, FlatHash])[]];

/** The record of a reply of `get`. */
export function recordOf([hash, kinds]: RecordReply): TaskRecord {
  const entries: TaskEntry[] = [];
  for (const [kind, rows] of kinds) {
    for (let index = 0; index + 1 < rows.length; index += 2)
      entries.push({ kind, name: rows[index] ?? '', value: rows[index + 1] ?? '' });
  }
  return { head: headOf(hash), entries };
}
