import { randomUUID } from 'node:crypto';

/** A new task id: 122 bits from the randomness of the operating system, which nobody guesses. */
export function newTaskId(): string {
  return randomUUID();
}
