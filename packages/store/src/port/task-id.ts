import { randomUUID } from 'node:crypto';

/**
 * A new task id: 122 bits from the randomness of the operating system, which nobody guesses.
 *
 * @example
 * const taskId = newTaskId();
 */
export function newTaskId(): string {
  // Node joins the id from pieces, which would live as long as the task; this makes one flat string of them.
  return randomUUID().toLowerCase();
}
