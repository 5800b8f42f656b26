import { escapeHidden } from '@mcp-tasks/runner/engine';
import { cutUtf8 } from '@mcp-tasks/store/rules';

const MAX_MESSAGE_BYTES = 8_192;
const MAX_CAUSES = 5;

/**
 * Write an error to the log: the default of `onerror`. The message of an error may repeat what a client sent, such as
 * the id of a request, so that no message is more than one line, and each ends where it says so.
 */
export function printError(error: unknown): void {
  console.error(`mcp-tasks: ${describeError(error)}`);
}

/** An error in words: its message on one line, then where it was thrown, then its causes. */
export function describeError(error: unknown, depth = 0): string {
  if (!(error instanceof Error)) return line(String(error));
  const { name, message, cause } = error;
  const described = `${line(`${name}: ${message}`)}${framesOf(error)}`;
  if (cause === undefined || depth === MAX_CAUSES) return described;
  return `${described}\n[cause] ${describeError(cause, depth + 1)}`;
}

function line(text: string): string {
  return escapeHidden(cutUtf8(text, MAX_MESSAGE_BYTES));
}

/** The lines of the stack that are none of the message. */
function framesOf({ stack = '', message }: Error): string {
  const at = stack.indexOf(message);
  const frames = at === -1 ? '' : stack.slice(at + message.length);
  return escapeHidden(frames, { keepLineBreaks: true });
}
