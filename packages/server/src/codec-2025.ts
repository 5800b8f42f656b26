import {
  modelImmediateResponseMeta,
  relatedTaskMeta,
  TASK_METHODS,
  type CallToolResult,
  type CreateTaskResult2025,
  type GetTaskResult2025,
  type Task2025,
} from '@mcp-tasks/wire';
import type { TaskHead, TaskRecord } from '@mcp-tasks/store';
import { publishedMeta } from './entries.ts';
import { instantsOf } from './instants.ts';

/**
 * The task that 2025-11-25 shows for a head: one that completed with an `isError` result is `failed`, with the result's text.
 *
 * @see 2025-11-25, Tasks, "Task Execution Errors"
 */
export function task2025(head: TaskHead): Task2025 {
  const statusMessage = head.toolError ?? head.statusMessage;
  return {
    taskId: head.taskId,
    status: head.toolError === undefined ? head.status : 'failed',
    ...(statusMessage !== undefined && { statusMessage }),
    ...instantsOf(head),
    ttl: head.ttlMs,
    pollInterval: head.pollIntervalMs,
  };
}

/** The answer of tasks/get and tasks/cancel, from a record with the `published` entries. */
export function publishedTask2025(record: TaskRecord): GetTaskResult2025 {
  return { ...task2025(record.head), ...publishedMeta(record) };
}

/** The answer of a tools/call that became a task. @see 2025-11-25, Tasks, "Creating Tasks" */
export function createTaskResult2025(head: TaskHead, immediateResponse?: string): CreateTaskResult2025 {
  return {
    task: task2025(head),
    ...(immediateResponse !== undefined && { _meta: modelImmediateResponseMeta(immediateResponse) }),
  };
}

/** The answer of tasks/result: what the call would have answered, tied to its task. @see 2025-11-25, Tasks, "Related Task Metadata" */
export function taskResult2025(taskId: string, result: CallToolResult): CallToolResult {
  return { ...result, _meta: { ...result._meta, ...relatedTaskMeta(taskId) } };
}

/** A task's change, from a record with the `published` entries. @see 2025-11-25, Tasks, "Task Status Notification" */
export function statusNotification2025(record: TaskRecord): {
  readonly method: 'notifications/tasks/status';
  readonly params: GetTaskResult2025;
} {
  return { method: TASK_METHODS.STATUS_NOTIFICATION_2025, params: publishedTask2025(record) };
}
