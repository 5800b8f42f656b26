import type { CallToolResult } from '@mcp-tasks/wire';

/** A result of one text block. */
export function text(value: string): CallToolResult {
  return { content: [{ type: 'text', text: value }] };
}
