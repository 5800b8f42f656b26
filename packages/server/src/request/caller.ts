import type { ToolCall } from '@mcp-tasks/runner';
import type { TaskHost } from './task-host.ts';
import type { TaskRequest } from './task-request.ts';

/** What the author's function makes of a request, for `task.caller`. */
export function callerOf(host: TaskHost, request: TaskRequest): ToolCall['caller'] {
  return host.options.caller?.(request.context);
}
