import type { CallToolResult } from '../tool-result.ts';

/** What a tool answers to a 2025-11-25 client: structured content is an object. @see 2025-11-25, Tools, "Structured Content" */
export interface CallToolResult2025 extends CallToolResult {
  structuredContent?: Record<string, unknown> | undefined;
}
