/**
 * A record as the 2026-07-28 extension shows it: the flat create answer, and one of the five detailed task shapes, with
 * the result, the error or the open questions inside. See SEP-2663, "Task Creation" and "Task Polling".
 */
import type { TaskEntryKind, TaskHead, TaskRecord } from '@mcp-tasks/store';
import {
  type CallToolResult,
  type ContentBlock,
  type CreateTaskResult2026,
  type DetailedTask2026,
  type InputRequests2026,
  isJsonObject,
  type JsonObject,
  type JsonRpcError,
  type Task2026,
  type TaskNotificationParams2026,
} from '@mcp-tasks/wire';
import { readEntry, readOpenQuestions, withPublished } from './entries.ts';
import { toIso } from './instants.ts';

/** The entries that {@link detailedTask} needs. */
export const DETAILED_TASK_KINDS: readonly TaskEntryKind[] = ['result', 'error', 'question', 'published'];

type TaskFields = Omit<Task2026, 'status'>;

/** The answer of a tools/call that became a task. @see SEP-2663, "Task Creation" */
export function createTaskResult2026(head: TaskHead): CreateTaskResult2026 {
  return { resultType: 'task', status: head.status, ...taskFields(head) };
}

/**
 * The task as `tasks/get` answers it and `notifications/tasks` carries it, from a record with {@link
 * DETAILED_TASK_KINDS}.
 *
 * @throws {TaskError} STORE_CORRUPT_RECORD - an entry that the status calls for is missing or unreadable.
 * @see SEP-2663, "Task Polling"
 */
export function detailedTask(record: TaskRecord): TaskNotificationParams2026 {
  return withPublished(withDetails(record), record);
}

function withDetails(record: TaskRecord): DetailedTask2026 {
  const fields = taskFields(record.head);
  const { status } = record.head;
  switch (status) {
    case 'input_required':
      return { status, inputRequests: readOpenQuestions(record) as unknown as InputRequests2026, ...fields }; // checked when asked
    case 'completed':
      return { status, result: completeResult(readEntry(record, 'result') as CallToolResult), ...fields };
    case 'failed':
      return { status, error: readEntry(record, 'error') as JsonRpcError, ...fields };
    case 'working':
    case 'cancelled':
      return { status, ...fields };
  }
}

function taskFields(head: TaskHead): TaskFields {
  return {
    taskId: head.taskId,
    createdAt: toIso(head.createdAtMs),
    lastUpdatedAt: toIso(head.lastUpdatedAtMs),
    ttlMs: head.ttlMs,
    pollIntervalMs: head.pollIntervalMs,
    ...(head.statusMessage !== undefined && { statusMessage: head.statusMessage }),
  };
}

/**
 * The result as the SDK answers it inline: structured content that is not an object is shown as text too, unless there
 * is one.
 */
function completeResult(result: CallToolResult): JsonObject {
  const { structuredContent } = result;
  const content: readonly ContentBlock[] = result.content;
  const isShown =
    structuredContent === undefined || isJsonObject(structuredContent) || content.some(({ type }) => type === 'text');
  const text: readonly ContentBlock[] = isShown ? [] : [{ type: 'text', text: JSON.stringify(structuredContent) }];
  return { resultType: 'complete', ...result, content: [...content, ...text] } as unknown as JsonObject; // a result is JSON
}
