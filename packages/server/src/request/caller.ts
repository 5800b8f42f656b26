import type { ToolCall } from '@mcp-tasks/runner';
import { inputCapabilities, NO_INPUT } from './client-capabilities.ts';
import type { TaskHost } from './task-host.ts';
import type { TaskRequest } from './task-request.ts';

/** Abilities of a client that did not say what it can answer; undefined = all. */
function unknownAbility({ options }: TaskHost): ToolCall['inputCapabilities'] {
  return options.askUnknownClients === false ? NO_INPUT : undefined;
}

/**
 * Describe the caller of a call: its owner, the author's value for the request, and the questions that its client can
 * answer.
 */
export function calledBy(
  host: TaskHost,
  { owner: { owner, keyScope }, context, clientCapabilities }: TaskRequest,
): Pick<ToolCall, 'owner' | 'keyScope' | 'caller' | 'inputCapabilities'> {
  return {
    owner,
    keyScope,
    caller: host.options.caller?.(context),
    inputCapabilities: inputCapabilities(clientCapabilities) ?? unknownAbility(host),
  };
}
