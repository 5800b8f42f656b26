// The public surface of @mcp-tasks/wire. Adding a line here makes a promise.

// JSON
export type { JsonObject, JsonValue } from './json.ts';

// Status table
export { canTransition, isTerminalStatus, TASK_STATUSES, TASK_TRANSITIONS } from './status.ts';
export type { TaskStatus, TerminalTaskStatus } from './status.ts';

// Error codes and the error that a handler throws on purpose
export { JSON_RPC_ERROR } from './error-codes.ts';
export { ProtocolFailure } from './protocol-failure.ts';

// `_meta` keys
export {
  IDEMPOTENCY_KEY_META_KEY,
  MODEL_IMMEDIATE_RESPONSE_META_KEY,
  RELATED_TASK_META_KEY,
  relatedTaskMeta,
  TASKS_EXTENSION_ID,
  VARIABLES_META_KEY,
  WORKFLOW_META_KEY,
} from './meta-keys.ts';

// What tools answer and ask
export type {
  CallToolResult,
  ContentAnnotations,
  ContentBlock,
  EmbeddedResourceContent,
  InputRequest,
  InputResponse,
  MediaContent,
  ResourceLinkContent,
  TextContent,
} from './tool-result.ts';
