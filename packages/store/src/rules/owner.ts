import { DEFAULT_LIMITS } from '../port/limits.ts';
import { TaskError } from '../port/task-error.ts';
import { isWellFormed, utf8Bytes } from '../port/text.ts';

/**
 * Check what is to name an owner: a string, not empty, well-formed Unicode, at most `maxBytes` of UTF-8 (default 512).
 *
 * @returns the owner, unchanged: it is data, never parsed or normalised.
 * @throws {TaskError} OWNER_INVALID - the message says what is wrong with it.
 */
export function checkOwner(owner: unknown, maxBytes: number = DEFAULT_LIMITS.maxOwnerBytes): string {
  const fault = ownerFault(owner, maxBytes);
  if (fault !== undefined) throw new TaskError('OWNER_INVALID', `The owner of a task must be ${fault}.`);
  return owner as string;
}

function ownerFault(owner: unknown, maxBytes: number): string | undefined {
  if (typeof owner !== 'string') return `a string, not ${owner === null ? 'null' : typeof owner}`;
  if (owner === '') return 'a string that is not empty';
  if (!isWellFormed(owner)) return 'well-formed Unicode';
  const bytes = utf8Bytes(owner);
  return bytes > maxBytes ? `at most ${maxBytes} bytes of UTF-8, not ${bytes}` : undefined;
}
