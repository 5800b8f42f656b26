import * as z from 'zod';
import { sentContent } from '../message/content.ts';
import type { CallToolResult } from '../message/tool-result.ts';
import { meta, structuredContent } from '../schema/fields.ts';
import type { JsonValue } from '../schema/json.ts';
import { field, openObject } from '../schema/schema.ts';
import type { WireSchema } from '../schema/wire-schema.ts';

/**
 * The result of a tool for a 2026-07-28 client, also inside a completed task. @see 2026-07-28, Tools, "Calling Tools"
 */
export interface CallToolResult2026 extends CallToolResult {
  resultType: 'complete';
  structuredContent?: JsonValue | Record<string, unknown> | undefined;
}

/** {@link CallToolResult2026}. */
export const CallToolResult2026Schema: WireSchema<CallToolResult2026> = openObject<CallToolResult2026>()({
  resultType: z.literal('complete'),
  content: z.array(field(sentContent.block)),
  structuredContent: structuredContent.optional(),
  isError: z.boolean().optional(),
  _meta: meta.optional(),
});
