import * as z from 'zod';
import { fraction, jsonObject, jsonValue, meta, role } from '../schema/fields.ts';
import type { JsonObject, JsonValue } from '../schema/json.ts';
import { field, oneOf, openObject } from '../schema/schema.ts';
import type { WireSchema } from '../schema/wire-schema.ts';
import { type ContentBlock, type MediaContent, receivedContent, sentContent, type TextContent } from './content.ts';
import { type MessageMeta, MessageMetaSchema, type ResultMeta } from './json-rpc.ts';
import { type Tool, ToolSchema } from './tool.ts';

/** The model wants a tool called. */
export interface ToolUseContent {
  readonly type: 'tool_use';
  readonly id: string;
  readonly name: string;
  readonly input: JsonObject;
  readonly _meta?: Record<string, unknown> | undefined;
}

/** The answer of a tool to the model. */
export interface ToolResultContent {
  readonly type: 'tool_result';
  readonly toolUseId: string;
  readonly content: ContentBlock[];
  readonly structuredContent?: JsonValue | undefined;
  readonly isError?: boolean | undefined;
  readonly _meta?: Record<string, unknown> | undefined;
}

/** One block of a sampling message. */
export type SamplingContentBlock = TextContent | MediaContent | ToolUseContent | ToolResultContent;

/** One turn of the conversation that the client's model continues. */
export interface SamplingMessage {
  readonly role: 'user' | 'assistant';
  readonly content: SamplingContentBlock | SamplingContentBlock[];
  readonly _meta?: Record<string, unknown> | undefined;
}

/** A hint at a model's name. */
export interface ModelHint {
  readonly name?: string | undefined;
}

/** Which model the server would like; priorities from 0 to 1. */
export interface ModelPreferences {
  readonly hints?: ModelHint[] | undefined;
  readonly costPriority?: number | undefined;
  readonly speedPriority?: number | undefined;
  readonly intelligencePriority?: number | undefined;
}

/** How the model may use tools. */
export interface ToolChoice {
  readonly mode?: 'auto' | 'required' | 'none' | undefined;
}

/** Params of `sampling/createMessage`. @see 2025-11-25, Sampling, "Creating Messages"; the same in 2026-07-28 */
export interface CreateMessageParams {
  readonly messages: SamplingMessage[];
  /** An integer. */
  readonly maxTokens: number;
  readonly modelPreferences?: ModelPreferences | undefined;
  readonly systemPrompt?: string | undefined;
  readonly includeContext?: 'none' | 'thisServer' | 'allServers' | undefined;
  readonly temperature?: number | undefined;
  readonly stopSequences?: string[] | undefined;
  readonly metadata?: JsonObject | undefined;
  readonly tools?: Tool[] | undefined;
  readonly toolChoice?: ToolChoice | undefined;
  readonly _meta?: MessageMeta | undefined;
}

/** Answer to `sampling/createMessage`, the same in both generations. @see 2025-11-25, Sampling, "Creating Messages" */
export interface CreateMessageResult {
  readonly role: 'user' | 'assistant';
  readonly content: SamplingContentBlock | SamplingContentBlock[];
  readonly model: string;
  /** `endTurn`, `stopSequence`, `maxTokens`, `toolUse`, or the model's own word. */
  readonly stopReason?: string | undefined;
  readonly _meta?: ResultMeta | undefined;
}

const ToolUseContentSchema = openObject<ToolUseContent>()({
  type: z.literal('tool_use'),
  id: z.string(),
  name: z.string(),
  input: jsonObject,
  _meta: meta.optional(),
});

function samplingContent({ text, media, block }: typeof sentContent) {
  const toolResult = openObject<ToolResultContent>()({
    type: z.literal('tool_result'),
    toolUseId: z.string(),
    content: z.array(field(block)),
    structuredContent: jsonValue.optional(),
    isError: z.boolean().optional(),
    _meta: meta.optional(),
  });
  const one = field(oneOf<SamplingContentBlock>()([text, media, ToolUseContentSchema, toolResult], 'type'));
  return z.union([one, z.array(one)]);
}

const SamplingMessageSchema = openObject<SamplingMessage>()({
  role,
  content: samplingContent(sentContent),
  _meta: meta.optional(),
});

const ModelPreferencesSchema = openObject<ModelPreferences>()({
  hints: z.array(field(openObject<ModelHint>()({ name: z.string().optional() }))).optional(),
  costPriority: fraction.optional(),
  speedPriority: fraction.optional(),
  intelligencePriority: fraction.optional(),
});

const ToolChoiceSchema = openObject<ToolChoice>()({ mode: z.enum(['auto', 'required', 'none']).optional() });

/** {@link CreateMessageParams}. */
export const CreateMessageParamsSchema: WireSchema<CreateMessageParams> = openObject<CreateMessageParams>()({
  messages: z.array(field(SamplingMessageSchema)),
  maxTokens: z.int(),
  modelPreferences: field(ModelPreferencesSchema).optional(),
  systemPrompt: z.string().optional(),
  includeContext: z.enum(['none', 'thisServer', 'allServers']).optional(),
  temperature: z.number().optional(),
  stopSequences: z.array(z.string()).optional(),
  metadata: jsonObject.optional(),
  tools: z.array(field(ToolSchema)).optional(),
  toolChoice: field(ToolChoiceSchema).optional(),
  _meta: field(MessageMetaSchema).optional(),
});

/** {@link CreateMessageResult}. */
export const CreateMessageResultSchema: WireSchema<CreateMessageResult> = openObject<CreateMessageResult>()({
  role,
  content: samplingContent(receivedContent),
  model: z.string(),
  stopReason: z.string().optional(),
  _meta: meta.optional(),
});
