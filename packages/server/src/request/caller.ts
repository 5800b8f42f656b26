import type { ToolCall } from '@mcp-tasks/runner';
import { inputCapabilities } from './client-capabilities.ts';
import type { TaskHost } from './task-host.ts';
import type { TaskRequest } from './task-request.ts';

/** What a call says of who makes it: whose it is, what the author's function makes of the request, and what its client can answer. */
export function calledBy(
  host: TaskHost,
  { owner: { owner, keyScope }, context, clientCapabilities }: TaskRequest,
): Pick<ToolCall, 'owner' | 'keyScope' | 'caller' | 'inputCapabilities'> {
  return {
    owner,
    keyScope,
    caller: host.options.caller?.(context),
    inputCapabilities: inputCapabilities(clientCapabilities),
  };
}
