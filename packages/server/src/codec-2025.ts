import {
  MODEL_IMMEDIATE_RESPONSE_META_KEY,
  relatedTaskMeta,
  type CallToolResult,
  type TaskStatus,
} from '@mcp-tasks/wire';
import type { TaskHead, TaskRecord } from '@mcp-tasks/store';
import { publishedMeta, type PublishedMeta } from './entries.ts';

/** A task as 2025-11-25 shows it. @see 2025-11-25, Tasks, "Task" */
export interface Task2025 {
  readonly taskId: string;
  readonly status: TaskStatus;
  readonly statusMessage?: string;
  readonly createdAt: string;
  readonly lastUpdatedAt: string;
  readonly ttl: number;
  readonly pollInterval: number;
}

/** The task with its published variables: the answer of tasks/get and tasks/cancel, and what a status notification carries. */
export interface PublishedTask2025 extends Task2025 {
  readonly _meta?: PublishedMeta;
}

/**
 * The task that 2025-11-25 shows for a head: one that completed with an `isError` result is `failed`, with the result's text.
 *
 * @see 2025-11-25, Tasks, "Task Execution Errors"
 */
export function task2025(head: TaskHead): Task2025 {
  const isToolError = head.toolError !== undefined;
  const statusMessage = head.toolError ?? head.statusMessage;
  return {
    taskId: head.taskId,
    status: isToolError ? 'failed' : head.status,
    ...(statusMessage !== undefined && { statusMessage }),
    createdAt: new Date(head.createdAtMs).toISOString(),
    lastUpdatedAt: new Date(head.lastUpdatedAtMs).toISOString(),
    ttl: head.ttlMs,
    pollInterval: head.pollIntervalMs,
  };
}

/** The task with its published variables, from a record with the `published` entries. */
export function publishedTask2025(record: TaskRecord): PublishedTask2025 {
  return { ...task2025(record.head), ...publishedMeta(record) };
}

/** The answer of a tools/call that became a task. @see 2025-11-25, Tasks, "Creating Tasks" */
export function createTaskResult2025(
  head: TaskHead,
  immediateResponse: string | undefined,
): { readonly task: Task2025; readonly _meta?: Readonly<Record<string, string>> } {
  return {
    task: task2025(head),
    ...(immediateResponse !== undefined && { _meta: { [MODEL_IMMEDIATE_RESPONSE_META_KEY]: immediateResponse } }),
  };
}

/** The answer of tasks/result: what the call would have answered, tied to its task. @see 2025-11-25, Tasks, "Related Task Metadata" */
export function taskResult2025(taskId: string, result: CallToolResult): CallToolResult {
  return { ...result, _meta: { ...result._meta, ...relatedTaskMeta(taskId) } };
}

/** The notification that a task changed, from a record with the `published` entries. @see 2025-11-25, Tasks, "Task Status Notification" */
export function statusNotification2025(record: TaskRecord): {
  readonly method: 'notifications/tasks/status';
  readonly params: PublishedTask2025;
} {
  return { method: 'notifications/tasks/status', params: publishedTask2025(record) };
}
