import { DEFAULT_LIMITS } from '../port/limits.ts';
import { type Oversize, oversizeOf } from '../port/size.ts';
import { TaskError } from '../port/task-error.ts';
import { isWellFormed } from '../port/text.ts';

/**
 * Check the name of an owner: a string, not empty, well-formed Unicode, at most `maxBytes` of UTF-8 (default 512).
 *
 * @returns the owner, unchanged: it is data, never parsed or normalised.
 * @throws {TaskError} OWNER_INVALID - the message says what is wrong with the name; the details of one that is too long
 *   are `actualBytes` and `limitBytes`.
 */
export function checkOwner(owner: unknown, maxBytes: number = DEFAULT_LIMITS.maxOwnerBytes): string {
  if (typeof owner !== 'string') throw invalid(`a string, not ${owner === null ? 'null' : typeof owner}`);
  if (owner === '') throw invalid('a string that is not empty');
  if (!isWellFormed(owner)) throw invalid('well-formed Unicode');
  const size = oversizeOf(owner, maxBytes);
  if (size !== undefined) throw invalid(`at most ${maxBytes} bytes of UTF-8, not ${size.actualBytes}`, size);
  return owner;
}

/**
 * The owner of inline runs of a caller without tasks: it owns nothing, and no task can be stored for it.
 *
 * It is one value for all such callers, so a handler must not keep anything under it.
 */
export const NO_OWNER = '["none"]';

/**
 * Check as {@link checkOwner}, before a call that only an owner of tasks can make.
 *
 * @throws {TaskError} OWNER_INVALID; TASK_OWNER_REQUIRED - it is {@link NO_OWNER}.
 */
export function requireOwner(owner: unknown, maxBytes?: number): string {
  const checked = checkOwner(owner, maxBytes);
  if (checked !== NO_OWNER) return checked;
  throw new TaskError(
    'TASK_OWNER_REQUIRED',
    'The caller has no owner, so it has no tasks and can start none: name its owner.',
  );
}

function invalid(rule: string, size?: Oversize): TaskError {
  return new TaskError('OWNER_INVALID', `The owner of a task must be ${rule}.`, { details: { ...size } });
}
