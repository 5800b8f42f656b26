import type { InputRequest, JsonObject } from '@mcp-tasks/wire';

/**
 * The params of a question in 2025-11-25, where an address has an id. @see 2025-11-25, Elicitation, "URL Mode
 * Elicitation Requests"
 */
export function params2025({ params }: InputRequest, elicitationId: string): JsonObject {
  return params['mode'] === 'url' ? { ...params, elicitationId } : params;
}
