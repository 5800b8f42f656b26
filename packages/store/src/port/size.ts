import type { JsonObject } from '@mcp-tasks/wire';
import { TaskError, type TaskErrorCode } from './task-error.ts';
import { utf8Bytes } from './text.ts';

/** The size of a value that does not fit, in bytes of UTF-8: the facts of every error about a size. */
export interface Oversize {
  readonly actualBytes: number;
  readonly limitBytes: number;
}

/** Measure a text: its size and the limit where it takes more than `limitBytes` of UTF-8, else `undefined`. */
export function oversizeOf(text: string, limitBytes: number): Oversize | undefined {
  const actualBytes = utf8Bytes(text);
  return actualBytes > limitBytes ? { actualBytes, limitBytes } : undefined;
}

/** Word a size and its limit, as `has 3 bytes; the limit is 2`. */
export function oversizeText({ actualBytes, limitBytes }: Oversize): string {
  return `has ${actualBytes} bytes; the limit is ${limitBytes}`;
}

/** Make the error about a value that is too large: `what` begins its message, `facts` stand beside the sizes. */
export function oversizeError(
  code: TaskErrorCode,
  what: string,
  { actualBytes, limitBytes }: Oversize,
  facts: JsonObject = {},
): TaskError {
  const message = `${what} ${oversizeText({ actualBytes, limitBytes })}.`;
  return new TaskError(code, message, { details: { ...facts, actualBytes, limitBytes } });
}
