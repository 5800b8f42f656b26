import type { CallToolResult, InputRequest, JsonObject, JsonValue, TaskStatus } from '@mcp-tasks/wire';
import type { TaskEntryKind, TaskHead, TaskRecord } from '@mcp-tasks/store';
import { publishedMeta, readEntry, readOpenQuestions, type PublishedMeta } from './entries.ts';

/** The entries that {@link detailedTask} needs. */
export const DETAILED_TASK_KINDS: readonly TaskEntryKind[] = ['result', 'error', 'question', 'published'];

/** A task as the 2026-07-28 extension shows it. @see SEP-2663, "Tasks" */
export interface Task2026 {
  readonly taskId: string;
  readonly status: TaskStatus;
  readonly statusMessage?: string;
  readonly createdAt: string;
  readonly lastUpdatedAt: string;
  readonly ttlMs: number;
  readonly pollIntervalMs: number;
}

/** A task with what its status brings along. @see SEP-2663, "Task Status" */
export interface DetailedTask2026 extends Task2026 {
  readonly inputRequests?: Readonly<Record<string, InputRequest>>;
  readonly result?: JsonObject;
  readonly error?: JsonObject;
  readonly _meta?: PublishedMeta;
}

function task2026(head: TaskHead): Task2026 {
  return {
    taskId: head.taskId,
    status: head.status,
    ...(head.statusMessage !== undefined && { statusMessage: head.statusMessage }),
    createdAt: new Date(head.createdAtMs).toISOString(),
    lastUpdatedAt: new Date(head.lastUpdatedAtMs).toISOString(),
    ttlMs: head.ttlMs,
    pollIntervalMs: head.pollIntervalMs,
  };
}

/** The answer of a tools/call that became a task. @see SEP-2663, "Task Creation" */
export function createTaskResult2026(head: TaskHead): Task2026 & { readonly resultType: 'task' } {
  return { resultType: 'task', ...task2026(head) };
}

/**
 * The task as `tasks/get` answers it and `notifications/tasks` carries it, from a record with {@link DETAILED_TASK_KINDS}.
 *
 * @throws {TaskError} STORE_CORRUPT_RECORD - an entry that the status calls for is missing or unreadable.
 * @see SEP-2663, "Task Polling"
 */
export function detailedTask(record: TaskRecord): DetailedTask2026 {
  return { ...task2026(record.head), ...details(record), ...publishedMeta(record) };
}

function details(record: TaskRecord): Pick<DetailedTask2026, 'inputRequests' | 'result' | 'error'> {
  const { status } = record.head;
  switch (status) {
    case 'input_required':
      return { inputRequests: readOpenQuestions(record) };
    case 'completed':
      return { result: { resultType: 'complete', ...withText(readEntry<CallToolResult>(record, 'result')) } };
    case 'failed':
      return { error: readEntry<JsonObject>(record, 'error') };
    case 'working':
    case 'cancelled':
      return {};
  }
}

/** What the SDK adds to an inline answer: structured content that is no object is shown as text too, unless there is one. */
function withText(result: CallToolResult): JsonObject {
  const { structuredContent, content } = result;
  const isObject =
    typeof structuredContent === 'object' && structuredContent !== null && !Array.isArray(structuredContent);
  if (structuredContent === undefined || isObject || content.some((block) => block.type === 'text')) {
    return result as unknown as JsonObject;
  }
  const text = { type: 'text', text: JSON.stringify(structuredContent) };
  return { ...(result as unknown as JsonObject), content: [...(content as unknown as JsonValue[]), text] };
}
