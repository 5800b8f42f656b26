import type { InlineHost, Tasks } from '../api/tasks.ts';
import type { ToolCall } from '../api/tool.ts';
import { internalsOf } from '../process/internals.ts';
import { type InlineEnd, runInline } from '../run/inline-run.ts';

/**
 * Run a tool inside a request, as `runInline` of the task layer does, and return all that is known of its end.
 *
 * @throws as `runInline`, except for errors that the handler threw.
 */
export function runCall(tasks: Tasks, call: ToolCall, host: InlineHost): Promise<InlineEnd> {
  return runInline(internalsOf(tasks).layer, call, host);
}
