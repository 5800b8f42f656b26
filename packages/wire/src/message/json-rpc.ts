import * as z from 'zod';
import { jsonValue } from '../schema/fields.ts';
import type { JsonValue } from '../schema/json.ts';
import { field, openObject, schemaOf } from '../schema/schema.ts';
import type { WireSchema } from '../schema/wire-schema.ts';
import { RELATED_TASK_META_KEY } from './meta-keys.ts';

/** Ties a request to its response; a number is an integer. @see JSON-RPC 2.0, "Request object" */
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

/** {@link RequestId}. */
export const RequestIdSchema: WireSchema<RequestId> = schemaOf(z.union([z.string(), z.int()]));

/** {@link RelatedTaskMetadata}. */
export const RelatedTaskMetadataSchema: WireSchema<RelatedTaskMetadata> = openObject<RelatedTaskMetadata>()({
  taskId: z.string(),
});

/** {@link MessageMeta}. */
export const MessageMetaSchema: WireSchema<MessageMeta> = openObject<MessageMeta>()({
  progressToken: z.union([z.string(), z.int()]).optional(),
  [RELATED_TASK_META_KEY]: field(RelatedTaskMetadataSchema).optional(),
});

/** {@link JsonRpcError}. */
export const JsonRpcErrorSchema: WireSchema<JsonRpcError> = openObject<JsonRpcError>()({
  code: z.int(),
  message: z.string(),
  data: jsonValue.optional(),
});
