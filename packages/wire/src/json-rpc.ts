import type { JsonValue } from './json.ts';
import type { RELATED_TASK_META_KEY } from './meta-keys.ts';

/** Ties a request to its response. @see JSON-RPC 2.0, "Request object" */
export type RequestId = string | number;

/** Opaque; ties progress notifications to a request. A string or an integer. */
export type ProgressToken = string | number;

/** Names the task that a 2025-11-25 message belongs to. @see 2025-11-25, Tasks, "Associating Task-Related Messages" */
export interface RelatedTaskMetadata {
  readonly taskId: string;
}

/** `_meta` of a request or notification; keys of others pass through. */
export interface MessageMeta {
  /** The caller wants progress notifications with this token. */
  readonly progressToken?: ProgressToken | undefined;
  /** Written only where 2025-11-25 defines it. */
  readonly [RELATED_TASK_META_KEY]?: RelatedTaskMetadata | undefined;
  readonly [key: string]: unknown;
}

/** `_meta` of a result. */
export type ResultMeta = Record<string, unknown>;

/** The error of a JSON-RPC response, also as kept by a failed task. */
export interface JsonRpcError {
  /** An integer. */
  readonly code: number;
  readonly message: string;
  readonly data?: JsonValue | undefined;
}
