import { createHash } from 'node:crypto';
import { TaskError } from '../port/task-error.ts';
import type { ListPosition } from '../port/task-store.ts';

const DIGEST_BYTES = 16;
/** Room for any id that mcp-tasks makes, and far more. */
const MAX_CURSOR_CHARACTERS = 1024;

/**
 * Make the opaque cursor of a place in an owner's list: digest of owner and place, then the place, as base64url.
 *
 * It needs no secret, so every process reads it. The digest binds it to its owner and shows damage. A cursor gives no
 * right: a caller that makes one up moves within its own list.
 */
export function encodeCursor(owner: string, { createdAtMs, taskId }: ListPosition): string {
  const place = JSON.stringify([createdAtMs, taskId]);
  return Buffer.concat([digest(owner, place), Buffer.from(place)]).toString('base64url');
}

/**
 * Read a cursor back.
 *
 * @throws {TaskError} INVALID_CURSOR - made for another owner, damaged, or not made by {@link encodeCursor}.
 */
export function decodeCursor(owner: string, cursor: string): ListPosition {
  if (cursor.length > MAX_CURSOR_CHARACTERS) throw invalidCursor();
  const bytes = Buffer.from(cursor, 'base64url');
  const place = bytes.subarray(DIGEST_BYTES).toString();
  // Decoding forgives stray characters, which a real cursor does not have.
  const isOurs = bytes.toString('base64url') === cursor && digest(owner, place).equals(bytes.subarray(0, DIGEST_BYTES));
  const position = isOurs ? parsePlace(place) : undefined;
  if (position === undefined) throw invalidCursor();
  return position;
}

function digest(owner: string, place: string): Buffer {
  return createHash('sha256')
    .update(JSON.stringify([owner, place]))
    .digest()
    .subarray(0, DIGEST_BYTES);
}

/** Parse the place in a cursor. The digest needs no secret, so a caller may have made the place up. */
function parsePlace(place: string): ListPosition | undefined {
  try {
    const [createdAtMs, taskId] = JSON.parse(place) as unknown[];
    return Number.isFinite(createdAtMs) && typeof taskId === 'string'
      ? { createdAtMs: Number(createdAtMs), taskId }
      : undefined;
  } catch {
    return undefined;
  }
}

function invalidCursor(): TaskError {
  return new TaskError('INVALID_CURSOR', 'Invalid cursor: pass the nextCursor of a page of your own tasks, unchanged.');
}
