import { runInline } from '../inline.ts';
import type { InlineRunOutcome } from '../inline.ts';
import { internalsOf } from '../internals.ts';
import type { InlineHost, Tasks } from '../tasks.ts';
import type { ToolCall } from '../tool.ts';

/**
 * Run a tool inside a request, as `runInline` does, and answer with its private record too.
 *
 * @throws as `runInline`
 */
export function runPrivately(tasks: Tasks, call: ToolCall, host: InlineHost): Promise<InlineRunOutcome> {
  return runInline(internalsOf(tasks).core, call, host);
}
