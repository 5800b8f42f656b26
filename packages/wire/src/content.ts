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
