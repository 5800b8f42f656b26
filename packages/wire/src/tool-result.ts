import type { JsonObject, JsonValue } from './json.ts';

/** Hints for whom a content block is and how much it matters. */
export interface ContentAnnotations {
  readonly audience?: ('user' | 'assistant')[] | undefined;
  /** 0 (least) to 1 (most). */
  readonly priority?: number | undefined;
  readonly lastModified?: string | undefined;
}

interface ContentBase {
  annotations?: ContentAnnotations | undefined;
  _meta?: Record<string, unknown> | undefined;
}

/** Text for a model or a person. */
export interface TextContent extends ContentBase {
  type: 'text';
  text: string;
}

/** An image or a sound, base64. */
export interface MediaContent extends ContentBase {
  type: 'image' | 'audio';
  data: string;
  mimeType: string;
}

/** A resource that the client may read. */
export interface ResourceLinkContent extends ContentBase {
  type: 'resource_link';
  uri: string;
  name: string;
  title?: string | undefined;
  description?: string | undefined;
  mimeType?: string | undefined;
  size?: number | undefined;
}

/** A resource itself. */
export interface EmbeddedResourceContent extends ContentBase {
  type: 'resource';
  resource: { uri: string; mimeType?: string | undefined; _meta?: Record<string, unknown> | undefined } & (
    { text: string } | { blob: string }
  );
}

/** One block of a tool's answer. */
export type ContentBlock = TextContent | MediaContent | ResourceLinkContent | EmbeddedResourceContent;

/** What a tool answers. @see 2025-11-25, Tools, "Calling Tools"; the same in 2026-07-28 beside `resultType` */
export interface CallToolResult {
  content: ContentBlock[];
  structuredContent?: JsonValue | Record<string, unknown> | undefined;
  isError?: boolean | undefined;
  _meta?: Record<string, unknown> | undefined;
}

/**
 * A question to the client inside a task, as it goes over the wire.
 *
 * @see SEP-2663, "Task Update Requests"; 2025-11-25, Elicitation and Sampling
 */
export type InputRequest =
  | { readonly method: 'elicitation/create'; readonly params: JsonObject }
  | { readonly method: 'sampling/createMessage'; readonly params: JsonObject };

/** What the client answered: the result object of the question's method. */
export type InputResponse = JsonObject;
