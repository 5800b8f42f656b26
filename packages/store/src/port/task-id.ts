import { randomUUID } from 'node:crypto';

/**
 * Make a new task id: 122 bits from the randomness of the operating system, which cannot be guessed.
 *
 * @example
 * const taskId = newTaskId();
 */
export function newTaskId(): string {
  // Node joins the id from pieces, which would live as long as the task. Lower case makes one flat string of them.
  return randomUUID().toLowerCase();
}

/** Random and of this process alone, so that no two processes make one id. */
const WRITER = randomUUID();
let writes = 0;

/**
 * Make the id of a new write; see `writeId` of a head. No other write has it, in any process. It need not be
 * unguessable, and a counter costs less than randomness.
 *
 * @example
 * const writeId = newWriteId();
 */
export function newWriteId(): string {
  writes += 1;
  return `${WRITER}.${writes.toString(36)}`;
}

/** Ids of ours have 36 characters; a longer text than this is the id of no task. */
const MAX_TASK_ID_CHARACTERS = 128;

/** Tell whether a text may be the id of a task: one that may not is neither looked up nor told. */
export function isTaskId(text: string): boolean {
  return text.length <= MAX_TASK_ID_CHARACTERS;
}
