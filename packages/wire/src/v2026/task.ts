import * as z from 'zod';
import {
  type JsonRpcError,
  JsonRpcErrorSchema,
  type MessageMeta,
  MessageMetaSchema,
  type ResultMeta,
} from '../message/json-rpc.ts';
import { type TaskStatus, TaskStatusSchema } from '../message/status.ts';
import { jsonObject, meta } from '../schema/fields.ts';
import type { JsonObject } from '../schema/json.ts';
import { field, oneOf, openObject } from '../schema/schema.ts';
import type { WireSchema } from '../schema/wire-schema.ts';
import { type InputRequests2026, InputRequests2026Schema } from './input.ts';

interface TaskFields2026 {
  readonly taskId: string;
  /** For a person or a model. */
  readonly statusMessage?: string | undefined;
  /** ISO 8601. */
  readonly createdAt: string;
  /** ISO 8601. */
  readonly lastUpdatedAt: string;
  /** Lifetime since creation, in milliseconds, an integer; `null` = unlimited. Always present; may change. */
  readonly ttlMs: number | null;
  /** Suggested time between two polls, in milliseconds, an integer; may change. */
  readonly pollIntervalMs?: number | undefined;
}

/** A task as the 2026-07-28 extension shows it, without what its status brings. @see SEP-2663, "Tasks" */
export interface Task2026 extends TaskFields2026 {
  readonly status: TaskStatus;
}

/** Flat answer to a request that became a task. @see SEP-2663, "Task Creation" */
export interface CreateTaskResult2026 extends Task2026 {
  readonly resultType: 'task';
  readonly _meta?: ResultMeta | undefined;
}

/** Work goes on. @see SEP-2663, "Task Status" */
export interface WorkingTask2026 extends TaskFields2026 {
  readonly status: 'working';
}

/** Questions are open. @see SEP-2663, "Task Status" */
export interface InputRequiredTask2026 extends TaskFields2026 {
  readonly status: 'input_required';
  /** Every outstanding question, by key. */
  readonly inputRequests: InputRequests2026;
}

/** Over, with a result. @see SEP-2663, "Task Status" */
export interface CompletedTask2026 extends TaskFields2026 {
  readonly status: 'completed';
  /**
   * The answer that the original request would have had, `resultType` included; also a tool's result with `isError`.
   */
  readonly result: JsonObject;
}

/** Over, with a JSON-RPC error. @see SEP-2663, "Task Status" */
export interface FailedTask2026 extends TaskFields2026 {
  readonly status: 'failed';
  readonly error: JsonRpcError;
}

/** Over, by request. @see SEP-2663, "Task Status" */
export interface CancelledTask2026 extends TaskFields2026 {
  readonly status: 'cancelled';
}

/** A task with what its status brings. @see SEP-2663, "Task Status" */
export type DetailedTask2026 =
  WorkingTask2026 | InputRequiredTask2026 | CompletedTask2026 | FailedTask2026 | CancelledTask2026;

/** The mark of a plain result. @see SEP-2663, "Polymorphic Results" */
export interface CompleteResult2026 {
  readonly resultType: 'complete';
  readonly _meta?: ResultMeta | undefined;
}

/** Answer to `tasks/get`. @see SEP-2663, "Task Polling" */
export type GetTaskResult2026 = DetailedTask2026 & CompleteResult2026;

/** `_meta` of `notifications/tasks`. */
export interface TaskNotificationMeta2026 {
  /** On a `subscriptions/listen` stream it carries the subscription's id. */
  readonly _meta?: MessageMeta | undefined;
}

/** Params of `notifications/tasks`: what `tasks/get` would have answered. @see SEP-2663, "Task Status Notifications" */
export type TaskNotificationParams2026 = DetailedTask2026 & TaskNotificationMeta2026;

const task = {
  taskId: z.string(),
  statusMessage: z.string().optional(),
  createdAt: z.string(),
  lastUpdatedAt: z.string(),
  ttlMs: z.int().nullable(),
  pollIntervalMs: z.int().optional(),
};
const working = { ...task, status: z.literal('working') };
const inputRequired = {
  ...task,
  status: z.literal('input_required'),
  inputRequests: field(InputRequests2026Schema),
};
const completed = { ...task, status: z.literal('completed'), result: jsonObject };
const failed = { ...task, status: z.literal('failed'), error: field(JsonRpcErrorSchema) };
const cancelled = { ...task, status: z.literal('cancelled') };

/** {@link Task2026}. */
export const Task2026Schema: WireSchema<Task2026> = openObject<Task2026>()({
  ...task,
  status: field(TaskStatusSchema),
});

/** {@link CreateTaskResult2026}. */
export const CreateTaskResult2026Schema: WireSchema<CreateTaskResult2026> = openObject<CreateTaskResult2026>()({
  ...task,
  status: field(TaskStatusSchema),
  resultType: z.literal('task'),
  _meta: meta.optional(),
});

/** {@link DetailedTask2026}. */
export const DetailedTask2026Schema: WireSchema<DetailedTask2026> = oneOf<DetailedTask2026>()(
  [
    openObject<WorkingTask2026>()(working),
    openObject<InputRequiredTask2026>()(inputRequired),
    openObject<CompletedTask2026>()(completed),
    openObject<FailedTask2026>()(failed),
    openObject<CancelledTask2026>()(cancelled),
  ],
  'status',
);

const complete = { resultType: z.literal('complete'), _meta: meta.optional() };

/** {@link CompleteResult2026}. */
export const CompleteResult2026Schema: WireSchema<CompleteResult2026> = openObject<CompleteResult2026>()(complete);

/** {@link GetTaskResult2026}. */
export const GetTaskResult2026Schema: WireSchema<GetTaskResult2026> = oneOf<GetTaskResult2026>()(
  [
    openObject<WorkingTask2026 & CompleteResult2026>()({ ...working, ...complete }),
    openObject<InputRequiredTask2026 & CompleteResult2026>()({ ...inputRequired, ...complete }),
    openObject<CompletedTask2026 & CompleteResult2026>()({ ...completed, ...complete }),
    openObject<FailedTask2026 & CompleteResult2026>()({ ...failed, ...complete }),
    openObject<CancelledTask2026 & CompleteResult2026>()({ ...cancelled, ...complete }),
  ],
  'status',
);

const notified = { _meta: field(MessageMetaSchema).optional() };

/** {@link TaskNotificationParams2026}. */
export const TaskNotificationParams2026Schema: WireSchema<TaskNotificationParams2026> =
  oneOf<TaskNotificationParams2026>()(
    [
      openObject<WorkingTask2026 & TaskNotificationMeta2026>()({ ...working, ...notified }),
      openObject<InputRequiredTask2026 & TaskNotificationMeta2026>()({ ...inputRequired, ...notified }),
      openObject<CompletedTask2026 & TaskNotificationMeta2026>()({ ...completed, ...notified }),
      openObject<FailedTask2026 & TaskNotificationMeta2026>()({ ...failed, ...notified }),
      openObject<CancelledTask2026 & TaskNotificationMeta2026>()({ ...cancelled, ...notified }),
    ],
    'status',
  );
