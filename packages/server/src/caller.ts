import type { ToolCall } from '@mcp-tasks/runner';
import type { TaskHost } from './host.ts';
import type { TaskRequest } from './task-request.ts';

/** `{ caller }` as the author's function makes it of a request, or nothing when it makes none. */
export function callerOf(host: TaskHost, request: TaskRequest): Pick<ToolCall, 'caller'> {
  const caller = host.options.caller?.(request.context);
  return caller === undefined ? {} : { caller };
}
