import type { JsonRpcError, MessageMeta, ResultMeta } from '../json-rpc.ts';
import type { JsonObject } from '../json.ts';
import type { TaskStatus } from '../status.ts';
import type { InputRequests2026 } from './input.ts';

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
  /** What the original request would have answered, `resultType` included; also a tool's result with `isError`. */
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

/** What a plain result carries. @see SEP-2663, "Polymorphic Results" */
export interface CompleteResult2026 {
  readonly resultType: 'complete';
  readonly _meta?: ResultMeta | undefined;
}

/** Answer to `tasks/get`. @see SEP-2663, "Task Polling" */
export type GetTaskResult2026 = DetailedTask2026 & CompleteResult2026;

/** Params of `notifications/tasks`: what `tasks/get` would have answered. @see SEP-2663, "Task Status Notifications" */
export type TaskNotificationParams2026 = DetailedTask2026 & {
  /** On a `subscriptions/listen` stream it carries the subscription's id. */
  readonly _meta?: MessageMeta | undefined;
};
