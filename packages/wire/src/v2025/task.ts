import * as z from 'zod';
import { type MessageMeta, MessageMetaSchema, type ResultMeta } from '../message/json-rpc.ts';
import { type TaskStatus, TaskStatusSchema } from '../message/status.ts';
import { meta } from '../schema/fields.ts';
import { field, openObject } from '../schema/schema.ts';
import type { WireSchema } from '../schema/wire-schema.ts';

/** A task as 2025-11-25 shows it. @see 2025-11-25, Tasks, "Task" */
export interface Task2025 {
  readonly taskId: string;
  /** For a tool call, `failed` includes results with `isError`. */
  readonly status: TaskStatus;
  /** For a person or a model. */
  readonly statusMessage?: string | undefined;
  /** ISO 8601. */
  readonly createdAt: string;
  /** ISO 8601. */
  readonly lastUpdatedAt: string;
  /** Lifetime since creation as granted, in milliseconds, an integer; `null` = unlimited. Always present. */
  readonly ttl: number | null;
  /** Suggested time between two polls, in milliseconds, an integer. */
  readonly pollInterval?: number | undefined;
}

/** Answer to a request with `params.task`. @see 2025-11-25, Tasks, "Creating Tasks" */
export interface CreateTaskResult2025 {
  readonly task: Task2025;
  /** May hold the model's immediate response. */
  readonly _meta?: ResultMeta | undefined;
}

/** Answer to `tasks/get`. @see 2025-11-25, Tasks, "Getting Tasks" */
export interface GetTaskResult2025 extends Task2025 {
  readonly _meta?: ResultMeta | undefined;
}

/** Answer to `tasks/cancel`: the task, already `cancelled`. @see 2025-11-25, Tasks, "Cancelling Tasks" */
export type CancelTaskResult2025 = GetTaskResult2025;

/** Answer to `tasks/list`. @see 2025-11-25, Tasks, "Listing Tasks" */
export interface ListTasksResult2025 {
  readonly tasks: Task2025[];
  /** Opaque; absent on the last page. */
  readonly nextCursor?: string | undefined;
  readonly _meta?: ResultMeta | undefined;
}

/**
 * Answer to `tasks/result`: what the original request would have answered, with the related task in `_meta`.
 *
 * @see 2025-11-25, Tasks, "Retrieving Task Results"
 */
export interface TaskPayloadResult2025 {
  readonly _meta?: ResultMeta | undefined;
  readonly [key: string]: unknown;
}

/** Params of `notifications/tasks/status`. @see 2025-11-25, Tasks, "Task Status Notification" */
export interface TaskStatusNotificationParams2025 extends Task2025 {
  readonly _meta?: MessageMeta | undefined;
}

const task = {
  taskId: z.string(),
  status: field(TaskStatusSchema),
  statusMessage: z.string().optional(),
  createdAt: z.string(),
  lastUpdatedAt: z.string(),
  ttl: z.int().nullable(),
  pollInterval: z.int().optional(),
};

/** {@link Task2025}. */
export const Task2025Schema: WireSchema<Task2025> = openObject<Task2025>()(task);

/** {@link CreateTaskResult2025}. */
export const CreateTaskResult2025Schema: WireSchema<CreateTaskResult2025> = openObject<CreateTaskResult2025>()({
  task: field(Task2025Schema),
  _meta: meta.optional(),
});

/** {@link GetTaskResult2025}, {@link CancelTaskResult2025}. */
export const GetTaskResult2025Schema: WireSchema<GetTaskResult2025> = openObject<GetTaskResult2025>()({
  ...task,
  _meta: meta.optional(),
});

/** {@link ListTasksResult2025}. */
export const ListTasksResult2025Schema: WireSchema<ListTasksResult2025> = openObject<ListTasksResult2025>()({
  tasks: z.array(field(Task2025Schema)),
  nextCursor: z.string().optional(),
  _meta: meta.optional(),
});

/** {@link TaskPayloadResult2025}. */
export const TaskPayloadResult2025Schema: WireSchema<TaskPayloadResult2025> = openObject<TaskPayloadResult2025>()({
  _meta: meta.optional(),
});

/** {@link TaskStatusNotificationParams2025}. */
export const TaskStatusNotificationParams2025Schema: WireSchema<TaskStatusNotificationParams2025> =
  openObject<TaskStatusNotificationParams2025>()({ ...task, _meta: field(MessageMetaSchema).optional() });
