import type { JsonObject, JsonValue } from '../schema/json.ts';
import type { ContentBlock } from './content.ts';

/** The result of a tool. @see 2025-11-25, Tools, "Calling Tools"; the same in 2026-07-28 beside `resultType` */
export interface CallToolResult {
  content: ContentBlock[];
  structuredContent?: JsonValue | Record<string, unknown> | undefined;
  isError?: boolean | undefined;
  _meta?: Record<string, unknown> | undefined;
}

/**
 * A question to the client inside a task, as it is kept.
 *
 * @see SEP-2663, "Task Update Requests"; 2025-11-25, Elicitation, Sampling and Roots
 */
export type InputRequest =
  | { readonly method: 'elicitation/create'; readonly params: JsonObject }
  | { readonly method: 'sampling/createMessage'; readonly params: JsonObject }
  | { readonly method: 'roots/list'; readonly params: JsonObject };

/** The answer of the client: the result object of the question's method. */
export type InputResponse = JsonObject;
