import * as z from 'zod';
import { sentContent } from '../message/content.ts';
import type { CallToolResult } from '../message/tool-result.ts';
import { meta } from '../schema/fields.ts';
import { field, openObject } from '../schema/schema.ts';
import type { WireSchema } from '../schema/wire-schema.ts';

/**
 * The result of a tool for a 2025-11-25 client: structured content is an object. @see 2025-11-25, Tools, "Structured
 * Content"
 */
export interface CallToolResult2025 extends CallToolResult {
  structuredContent?: Record<string, unknown> | undefined;
}

/** {@link CallToolResult2025}. */
export const CallToolResult2025Schema: WireSchema<CallToolResult2025> = openObject<CallToolResult2025>()({
  content: z.array(field(sentContent.block)),
  structuredContent: meta.optional(),
  isError: z.boolean().optional(),
  _meta: meta.optional(),
});
