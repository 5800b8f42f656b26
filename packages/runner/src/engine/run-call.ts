import { runInline } from '../inline.ts';
import type { InlineOutcome } from '../inline.ts';
import { internalsOf } from '../internals.ts';
import type { InlineHost, Tasks } from '../tasks.ts';
import type { ToolCall } from '../tool.ts';

/**
 * Run a tool inside a request, as `runInline` of the task layer does, and answer with all that is known of its end.
 *
 * @throws as `runInline`, but for what the handler threw
 */
export function runCall(tasks: Tasks, call: ToolCall, host: InlineHost): Promise<InlineOutcome> {
  return runInline(internalsOf(tasks).core, call, host);
}
