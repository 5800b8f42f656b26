/**
 * A record as 2025-11-25 shows it. The record stores the meaning of 2026-07-28, so this codec alone translates: a
 * completed task whose result says `isError` is shown as failed, with the first text of the result as its status
 * message. See 2025-11-25, Tasks, "Task" and "Task Status Lifecycle".
 */
import type { TaskHead, TaskRecord } from '@mcp-tasks/store';
import {
  type CallToolResult,
  type CreateTaskResult2025,
  type GetTaskResult2025,
  modelImmediateResponseMeta,
  relatedTaskMeta,
  TASK_METHODS,
  type Task2025,
} from '@mcp-tasks/wire';
import { withPublished } from './entries.ts';
import { toIso } from './instants.ts';

/**
 * The task that 2025-11-25 shows for a head: one that completed with an `isError` result is `failed`, with the result's
 * text.
 *
 * @see 2025-11-25, Tasks, "Task Execution Errors"
 */
export function task2025(head: TaskHead): Task2025 {
  const statusMessage = head.resultError ?? head.statusMessage;
  return {
    taskId: head.taskId,
    status: head.resultError === undefined ? head.status : 'failed',
    createdAt: toIso(head.createdAtMs),
    lastUpdatedAt: toIso(head.lastUpdatedAtMs),
    ttl: head.ttlMs,
    pollInterval: head.pollIntervalMs,
    ...(statusMessage !== undefined && { statusMessage }),
  };
}

/** The answer of tasks/get and tasks/cancel, from a record with the `published` entries. */
export function publishedTask2025(record: TaskRecord): GetTaskResult2025 {
  return withPublished(task2025(record.head), record);
}

/** The answer of a tools/call that became a task. @see 2025-11-25, Tasks, "Creating Tasks" */
export function createTaskResult2025(head: TaskHead, immediateResponse?: string): CreateTaskResult2025 {
  return {
    task: task2025(head),
    ...(immediateResponse !== undefined && { _meta: modelImmediateResponseMeta(immediateResponse) }),
  };
}

/**
 * The answer of tasks/result: what the call would have answered, tied to its task. @see 2025-11-25, Tasks, "Related
 * Task Metadata"
 */
export function taskResult2025(taskId: string, result: CallToolResult): CallToolResult {
  const { _meta, ...rest } = result;
  return { _meta: { ..._meta, ...relatedTaskMeta(taskId) }, ...rest };
}

/** A task's change, from a record with the `published` entries. @see 2025-11-25, Tasks, "Task Status Notification" */
export function statusNotification2025(record: TaskRecord): {
  readonly method: 'notifications/tasks/status';
  readonly params: GetTaskResult2025;
} {
  return { method: TASK_METHODS.STATUS_NOTIFICATION_2025, params: publishedTask2025(record) };
}
