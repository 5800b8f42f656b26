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
