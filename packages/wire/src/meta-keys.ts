/** Identifier of the 2026-07-28 tasks extension in `capabilities.extensions`. @see SEP-2663, "Extension Identifier" */
export const TASKS_EXTENSION_ID = 'io.modelcontextprotocol/tasks';

/** `_meta` key that ties a 2025-11-25 message to its task. @see 2025-11-25, Tasks, "Related Task Metadata" */
export const RELATED_TASK_META_KEY = 'io.modelcontextprotocol/related-task';

/** `_meta` key of a 2025-11-25 create answer: text for the model while the task runs. @see 2025-11-25, Tasks, "Creating Tasks" */
export const MODEL_IMMEDIATE_RESPONSE_META_KEY = 'io.modelcontextprotocol/model-immediate-response';

/** Our `_meta` key with the published variables of a task, an object; absent when nothing is published. */
export const VARIABLES_META_KEY = 'io.github.mcp-tasks/variables';

/** Our `_meta` key with the state of a workflow task. */
export const WORKFLOW_META_KEY = 'io.github.mcp-tasks/workflow';

/** Our `_meta` key, on tools/call and prompts/get, with the caller's idempotency key: 1 to 256 characters. */
export const IDEMPOTENCY_KEY_META_KEY = 'io.github.mcp-tasks/idempotency-key';

/** The `_meta` entry that ties a 2025-11-25 message to a task. @see 2025-11-25, Tasks, "Related Task Metadata" */
export function relatedTaskMeta(taskId: string): { [RELATED_TASK_META_KEY]: { taskId: string } } {
  return { [RELATED_TASK_META_KEY]: { taskId } };
}
