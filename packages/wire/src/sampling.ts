import type { ContentBlock, MediaContent, TextContent } from './content.ts';
import type { MessageMeta, ResultMeta } from './json-rpc.ts';
import type { JsonObject, JsonValue } from './json.ts';
import type { Tool } from './tool.ts';

/** The model wants a tool called. */
export interface ToolUseContent {
  readonly type: 'tool_use';
  readonly id: string;
  readonly name: string;
  readonly input: JsonObject;
  readonly _meta?: Record<string, unknown> | undefined;
}

/** What a tool answered to the model. */
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
