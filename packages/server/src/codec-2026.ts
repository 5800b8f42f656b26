import type {
  CallToolResult,
  ContentBlock,
  CreateTaskResult2026,
  DetailedTask2026,
  InputRequests2026,
  JsonObject,
  JsonRpcError,
  Task2026,
  TaskNotificationParams2026,
} from '@mcp-tasks/wire';
import type { TaskEntryKind, TaskHead, TaskRecord } from '@mcp-tasks/store';
import { publishedMeta, readEntry, readOpenQuestions } from './entries.ts';
import { instantsOf } from './instants.ts';

/** The entries that {@link detailedTask} needs. */
export const DETAILED_TASK_KINDS: readonly TaskEntryKind[] = ['result', 'error', 'question', 'published'];

type TaskFields = Omit<Task2026, 'status'>;

/** The answer of a tools/call that became a task. @see SEP-2663, "Task Creation" */
export function createTaskResult2026(head: TaskHead): CreateTaskResult2026 {
  return { resultType: 'task', ...taskFields(head), status: head.status };
}

/**
 * The task as `tasks/get` answers it and `notifications/tasks` carries it, from a record with {@link DETAILED_TASK_KINDS}.
 *
 * @throws {TaskError} STORE_CORRUPT_RECORD - an entry that the status calls for is missing or unreadable.
 * @see SEP-2663, "Task Polling"
 */
export function detailedTask(record: TaskRecord): TaskNotificationParams2026 {
  return { ...withDetails(record), ...publishedMeta(record) };
}

function withDetails(record: TaskRecord): DetailedTask2026 {
  const fields = taskFields(record.head);
  const { status } = record.head;
  switch (status) {
    case 'input_required':
      return { ...fields, status, inputRequests: readOpenQuestions(record) as unknown as InputRequests2026 };
    case 'completed':
      return { ...fields, status, result: completeResult(readEntry(record, 'result') as CallToolResult) };
    case 'failed':
      return { ...fields, status, error: readEntry(record, 'error') as JsonRpcError };
    case 'working':
    case 'cancelled':
      return { ...fields, status };
  }
}

function taskFields(head: TaskHead): TaskFields {
  return {
    taskId: head.taskId,
    ...(head.statusMessage !== undefined && { statusMessage: head.statusMessage }),
    ...instantsOf(head),
    ttlMs: head.ttlMs,
    pollIntervalMs: head.pollIntervalMs,
  };
}

/** The result as the SDK answers it inline: structured content that is no object is shown as text too, unless there is one. */
function completeResult(result: CallToolResult): JsonObject {
  const { structuredContent } = result;
  const content: readonly ContentBlock[] = result.content;
  const isObject =
    typeof structuredContent === 'object' && structuredContent !== null && !Array.isArray(structuredContent);
  const isShown = structuredContent === undefined || isObject || content.some(({ type }) => type === 'text');
  const text: readonly ContentBlock[] = isShown ? [] : [{ type: 'text', text: JSON.stringify(structuredContent) }];
  return { resultType: 'complete', ...result, content: [...content, ...text] } as unknown as JsonObject;
}
