import * as z from 'zod';
import { type MessageMeta, MessageMetaSchema } from '../message/json-rpc.ts';
import { jsonObject } from '../schema/fields.ts';
import type { JsonObject } from '../schema/json.ts';
import { field, openObject } from '../schema/schema.ts';
import type { WireSchema } from '../schema/wire-schema.ts';

/** `params.task` of a request: asks for a task. @see 2025-11-25, Tasks, "Creating Tasks" */
export interface TaskMetadata2025 {
  /**
   * Wished lifetime since creation, in milliseconds. The schema accepts any finite number, as one official package
   * does; which numbers are granted is a rule of the receiver.
   */
  readonly ttl?: number | undefined;
}

/** Params of `tools/call`. @see 2025-11-25, Tools, "Calling Tools" */
export interface CallToolParams2025 {
  readonly name: string;
  readonly arguments?: JsonObject | undefined;
  /** Present: the caller asks for a task. */
  readonly task?: TaskMetadata2025 | undefined;
  readonly _meta?: MessageMeta | undefined;
}

/** Params of `tasks/get`, `tasks/result` and `tasks/cancel`. */
export interface TaskIdParams2025 {
  readonly taskId: string;
  readonly _meta?: MessageMeta | undefined;
}

/** Params of `tasks/list`; the whole object may be absent. */
export interface ListTasksParams2025 {
  /** From the page before; absent for the first page. */
  readonly cursor?: string | undefined;
  readonly _meta?: MessageMeta | undefined;
}

const _meta = field(MessageMetaSchema).optional();

/** {@link TaskMetadata2025}. */
export const TaskMetadata2025Schema: WireSchema<TaskMetadata2025> = openObject<TaskMetadata2025>()({
  ttl: z.number().optional(),
});

/** {@link CallToolParams2025}. */
export const CallToolParams2025Schema: WireSchema<CallToolParams2025> = openObject<CallToolParams2025>()({
  name: z.string(),
  arguments: jsonObject.optional(),
  task: field(TaskMetadata2025Schema).optional(),
  _meta,
});

/** {@link TaskIdParams2025}. */
export const TaskIdParams2025Schema: WireSchema<TaskIdParams2025> = openObject<TaskIdParams2025>()({
  taskId: z.string(),
  _meta,
});

/** {@link ListTasksParams2025}. */
export const ListTasksParams2025Schema: WireSchema<ListTasksParams2025> = openObject<ListTasksParams2025>()({
  cursor: z.string().optional(),
  _meta,
});
