/** Identifier of the 2026-07-28 tasks extension in `capabilities.extensions`. @see SEP-2663, "Extension Identifier" */
export const TASKS_EXTENSION_ID = 'io.modelcontextprotocol/tasks';

/** `_meta` key that ties a 2025-11-25 message to its task. @see 2025-11-25, Tasks, "Related Task Metadata" */
export const RELATED_TASK_META_KEY = 'io.modelcontextprotocol/related-task';

/**
 * `_meta` key of a 2025-11-25 create answer: text for the model while the task runs. @see 2025-11-25, Tasks, "Creating
 * Tasks"
 */
export const MODEL_IMMEDIATE_RESPONSE_META_KEY = 'io.modelcontextprotocol/model-immediate-response';

/** Our `_meta` key with the published variables of a task, an object; absent when nothing is published. */
export const VARIABLES_META_KEY = 'io.github.mcp-tasks/variables';

/** Our `_meta` key with the state of a workflow task. */
export const WORKFLOW_META_KEY = 'io.github.mcp-tasks/workflow';

/** Our `_meta` key, on tools/call and prompts/get, with the caller's idempotency key: 1 to 256 characters. */
export const IDEMPOTENCY_KEY_META_KEY = 'io.github.mcp-tasks/idempotency-key';

/**
 * `_meta` key of a 2026-07-28 notification: which `subscriptions/listen` stream it is for. @see 2026-07-28,
 * Subscriptions, "Receiving Notifications"
 */
export const SUBSCRIPTION_ID_META_KEY = 'io.modelcontextprotocol/subscriptionId';

/** `_meta` key of a 2026-07-28 request with the client's capabilities. @see 2026-07-28, Overview, "_meta" */
export const CLIENT_CAPABILITIES_META_KEY = 'io.modelcontextprotocol/clientCapabilities';

/**
 * The `_meta` entry that ties a 2025-11-25 message to a task. @see 2025-11-25, Tasks, "Related Task Metadata"
 *
 * @example
 * const _meta = relatedTaskMeta('0b1d3c52-5a2e-4c3e-9a53-0d7c6f2d8a11');
 */
export function relatedTaskMeta(taskId: string): { [RELATED_TASK_META_KEY]: { taskId: string } } {
  return { [RELATED_TASK_META_KEY]: { taskId } };
}

/**
 * The `_meta` entry with the text that the model gets while the task runs; 2025-11-25 only.
 *
 * @example
 * const _meta = modelImmediateResponseMeta('The report is being made.');
 */
export function modelImmediateResponseMeta(text: string): { [MODEL_IMMEDIATE_RESPONSE_META_KEY]: string } {
  return { [MODEL_IMMEDIATE_RESPONSE_META_KEY]: text };
}
