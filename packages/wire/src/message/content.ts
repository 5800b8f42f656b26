import * as z from 'zod';
import { base64, fraction, instant, meta, role } from '../schema/fields.ts';
import { field, oneOf, openObject } from '../schema/schema.ts';
import type { WireSchema } from '../schema/wire-schema.ts';

/** Hints for whom a content block is and how much it matters. */
export interface ContentAnnotations {
  readonly audience?: ('user' | 'assistant')[] | undefined;
  /** 0 (least) to 1 (most). */
  readonly priority?: number | undefined;
  /** ISO 8601 with a time zone. */
  readonly lastModified?: string | undefined;
}

interface ContentBase {
  annotations?: ContentAnnotations | undefined;
  _meta?: Record<string, unknown> | undefined;
}

/** A picture for a user interface. */
export interface Icon {
  src: string;
  mimeType?: string | undefined;
  /** As in `48x48` or `any`. */
  sizes?: string[] | undefined;
  theme?: 'light' | 'dark' | undefined;
}

/** Text for a model or a person. */
export interface TextContent extends ContentBase {
  type: 'text';
  text: string;
}

/** An image or a sound, base64. */
export interface MediaContent extends ContentBase {
  type: 'image' | 'audio';
  /** Base64. */
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
  /** In bytes, an integer. */
  size?: number | undefined;
  icons?: Icon[] | undefined;
}

interface ResourceContentsBase {
  uri: string;
  mimeType?: string | undefined;
  _meta?: Record<string, unknown> | undefined;
}

/** A resource that is text. */
export interface TextResourceContents extends ResourceContentsBase {
  text: string;
}

/** A resource that is bytes. */
export interface BlobResourceContents extends ResourceContentsBase {
  /** Base64. */
  blob: string;
}

/** A resource itself. */
export interface EmbeddedResourceContent extends ContentBase {
  type: 'resource';
  resource: TextResourceContents | BlobResourceContents;
}

/** One block of a tool's answer. */
export type ContentBlock = TextContent | MediaContent | ResourceLinkContent | EmbeddedResourceContent;

/** {@link Icon}. */
export const IconSchema: WireSchema<Icon> = openObject<Icon>()({
  src: z.string(),
  mimeType: z.string().optional(),
  sizes: z.array(z.string()).optional(),
  theme: z.enum(['light', 'dark']).optional(),
});

function contentSchemas(data: z.ZodType<string>, lastModified: z.ZodType<string>, size: z.ZodType<number>) {
  const annotations = openObject<ContentAnnotations>()({
    audience: z.array(role).optional(),
    priority: fraction.optional(),
    lastModified: lastModified.optional(),
  });
  const base = { annotations: field(annotations).optional(), _meta: meta.optional() };
  const resourceBase = { uri: z.string(), mimeType: z.string().optional(), _meta: meta.optional() };
  const resource = oneOf<TextResourceContents | BlobResourceContents>()([
    openObject<TextResourceContents>()({ ...resourceBase, text: z.string() }),
    openObject<BlobResourceContents>()({ ...resourceBase, blob: data }),
  ]);
  const text = openObject<TextContent>()({ ...base, type: z.literal('text'), text: z.string() });
  const media = openObject<MediaContent>()({
    ...base,
    type: z.enum(['image', 'audio']),
    data,
    mimeType: z.string(),
  });
  const link = openObject<ResourceLinkContent>()({
    ...base,
    type: z.literal('resource_link'),
    uri: z.string(),
    name: z.string(),
    title: z.string().optional(),
    description: z.string().optional(),
    mimeType: z.string().optional(),
    size: size.optional(),
    icons: z.array(field(IconSchema)).optional(),
  });
  const embedded = openObject<EmbeddedResourceContent>()({
    ...base,
    type: z.literal('resource'),
    resource: field(resource),
  });
  return { text, media, block: oneOf<ContentBlock>()([text, media, link, embedded], 'type') };
}

/** Content that we send: what every known peer accepts. */
export const sentContent = contentSchemas(base64, instant, z.int());

/** Content that we receive: what any known peer would send. */
export const receivedContent = contentSchemas(z.string(), z.string(), z.number());

/** {@link ContentBlock}, as sent: base64 and instants are checked. */
export const ContentBlockSchema: WireSchema<ContentBlock> = sentContent.block;
