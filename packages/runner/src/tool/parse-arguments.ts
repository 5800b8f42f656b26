import { TaskError } from '@mcp-tasks/store';
import type { TaskTool } from '../api/tool.ts';
import { formatIssues, parseWith } from './parse-with.ts';

/**
 * Check arguments with the tool's schema.
 *
 * @throws {TaskError} INVALID_ARGUMENTS - with the text of the MCP SDK.
 */
export async function parseArguments(tool: TaskTool, args: unknown): Promise<unknown> {
  const { inputSchema } = tool.options;
  if (inputSchema === undefined) return {};
  const parsed = await parseWith(inputSchema, args);
  if (parsed.issues === undefined) return parsed.value;
  throw new TaskError(
    'INVALID_ARGUMENTS',
    // eslint-disable-next-line no-restricted-syntax -- the words of the MCP SDK
    `Input validation error: Invalid arguments for tool ${tool.name}: ${formatIssues(parsed.issues)}`,
    { details: { tool: tool.name } },
  );
}
