import { TASK_STATUSES } from '@mcp-tasks/wire';
import { JOIN_STATES, type TaskHead } from './record.ts';
import { TaskError } from './task-error.ts';

const isText = (value: unknown): boolean => typeof value === 'string';
const isNumber = Number.isFinite;
const isFlag = (value: unknown): boolean => typeof value === 'boolean';
const isTextList = (value: unknown): boolean => Array.isArray(value) && value.every(isText);
const isStatus = (value: unknown): boolean => TASK_STATUSES.some((known) => known === value);
const isJoinState = (value: unknown): boolean => JOIN_STATES.some((known) => known === value);
const isProgress = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && 'done' in value && typeof value.done === 'number';

/** Checks of the fields of a head, for values that are neither absent nor null. */
const HEAD_FIELDS: Readonly<Record<keyof TaskHead, (value: unknown) => boolean>> = {
  taskId: isText,
  owner: isText,
  version: isNumber,
  writeId: isText,
  status: isStatus,
  statusMessage: isText,
  progress: isProgress,
  createdAtMs: isNumber,
  lastUpdatedAtMs: isNumber,
  ttlMs: isNumber,
  expiresAtMs: isNumber,
  pollIntervalMs: isNumber,
  handler: isText,
  queue: isText,
  callDigest: isText,
  ttlRequested: isFlag,
  attempt: isNumber,
  crashCount: isNumber,
  holder: isText,
  dueAtMs: isNumber,
  progressAtMs: isNumber,
  openQuestions: isTextList,
  resultError: isText,
  joinKey: isText,
  joinState: isJoinState,
  entryBytes: isNumber,
};

/**
 * Check a value that a store read for a field of a head, where the field is neither absent nor null.
 *
 * @returns the value.
 * @throws {TypeError} the field cannot have it, so the store never wrote it.
 *
 * @example
 * import { checkHeadField } from '@mcp-tasks/store';
 *
 * const status = checkHeadField('status', JSON.parse('"working"'));
 */
export function checkHeadField(field: keyof TaskHead, value: unknown): unknown {
  if (!HEAD_FIELDS[field](value)) throw new TypeError(`The field "${field}" is not of the expected shape.`);
  return value;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Decode bytes as UTF-8.
 *
 * @throws {TypeError} they are not UTF-8.
 *
 * @example
 * import { decodeUtf8 } from '@mcp-tasks/store';
 *
 * const owner = decodeUtf8(Buffer.from('YWxpY2U=', 'base64'));
 */
export function decodeUtf8(bytes: Uint8Array): string {
  return utf8.decode(bytes);
}

/**
 * Make the error STORE_CORRUPT_RECORD: a record of a store cannot be decoded. Other tasks are not affected.
 *
 * @example
 * import { corruptRecord } from '@mcp-tasks/store';
 *
 * export function valueOf(row: { taskId: string; value: string }): unknown {
 *   try {
 *     return JSON.parse(row.value);
 *   } catch (cause) {
 *     throw corruptRecord(row.taskId, cause);
 *   }
 * }
 */
export function corruptRecord(taskId: string, cause: unknown): TaskError {
  return new TaskError(
    'STORE_CORRUPT_RECORD',
    `The record of task ${taskId} cannot be decoded: restore or delete it.`,
    { details: { taskId }, cause },
  );
}

/**
 * Decode one record of several. A corrupt one is left out, so that it does not stand in the way of the others.
 *
 * @param isRequired - the caller asked for this record alone, so a corrupt one throws.
 * @throws {TaskError} STORE_CORRUPT_RECORD - `isRequired`, and the record is corrupt; every other error of `decode`.
 *
 * @example
 * import { corruptRecord, decodeRecord } from '@mcp-tasks/store';
 *
 * const rows = ['{"version":1}', 'spoilt'];
 * const parse = (row: string): unknown => {
 *   try {
 *     return JSON.parse(row);
 *   } catch (cause) {
 *     throw corruptRecord('task-1', cause);
 *   }
 * };
 * const records = rows.flatMap((row) => decodeRecord(() => parse(row), rows.length === 1));
 */
export function decodeRecord<Value>(decode: () => Value, isRequired: boolean): readonly Value[] {
  try {
    return [decode()];
  } catch (error) {
    if (isRequired || !TaskError.is(error, 'STORE_CORRUPT_RECORD')) throw error;
    return [];
  }
}
