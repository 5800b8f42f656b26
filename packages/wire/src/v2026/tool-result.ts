import type { JsonValue } from '../json.ts';
import type { CallToolResult } from '../tool-result.ts';

/** What a tool answers to a 2026-07-28 client, also inside a completed task. @see 2026-07-28, Tools, "Calling Tools" */
export interface CallToolResult2026 extends CallToolResult {
  resultType: 'complete';
  structuredContent?: JsonValue | Record<string, unknown> | undefined;
}
