// The public surface of @mcp-tasks/wire. Adding a line here makes a promise.

// JSON and JSON-RPC
export { isJsonObject } from './schema/json.ts';
export type { JsonObject, JsonValue } from './schema/json.ts';
export type {
  JsonRpcError,
  MessageMeta,
  ProgressToken,
  RelatedTaskMetadata,
  RequestId,
  ResultMeta,
} from './message/json-rpc.ts';
export {
  JsonRpcErrorSchema,
  MessageMetaSchema,
  RelatedTaskMetadataSchema,
  RequestIdSchema,
} from './message/json-rpc.ts';
export { JSON_RPC_ERROR } from './message/error-codes.ts';
export { TASK_METHODS } from './message/methods.ts';

// Status table
export { canTransition, isTerminalStatus, TASK_STATUSES, TaskStatusSchema } from './message/status.ts';
export type { TaskStatus, TerminalTaskStatus } from './message/status.ts';

// The error that a handler throws on purpose
export { ProtocolFailure } from './message/protocol-failure.ts';

// `_meta` keys
export {
  CLIENT_CAPABILITIES_META_KEY,
  IDEMPOTENCY_KEY_META_KEY,
  MODEL_IMMEDIATE_RESPONSE_META_KEY,
  modelImmediateResponseMeta,
  RELATED_TASK_META_KEY,
  relatedTaskMeta,
  SUBSCRIPTION_ID_META_KEY,
  TASKS_EXTENSION_ID,
  VARIABLES_META_KEY,
  WORKFLOW_META_KEY,
} from './message/meta-keys.ts';

// Schemas
export { WireParseError } from './schema/wire-schema.ts';
export type { WireIssue, WireParseResult, WireSchema } from './schema/wire-schema.ts';

// Tools: what they are, answer and ask
export { TASK_SUPPORTS, TaskSupportSchema, ToolExecution2025Schema, ToolSchema } from './message/tool.ts';
export type {
  TaskSupport,
  Tool,
  ToolAnnotations,
  ToolExecution2025,
  ToolInputSchema,
  ToolOutputSchema,
} from './message/tool.ts';
export { ContentBlockSchema, IconSchema } from './message/content.ts';
export type {
  BlobResourceContents,
  ContentAnnotations,
  ContentBlock,
  EmbeddedResourceContent,
  Icon,
  MediaContent,
  ResourceLinkContent,
  TextContent,
  TextResourceContents,
} from './message/content.ts';
export type { CallToolResult, InputRequest, InputResponse } from './message/tool-result.ts';

// Elicitation
export {
  ElicitFormParamsSchema,
  ElicitParams2025Schema,
  ElicitParams2026Schema,
  ElicitResultSchema,
} from './message/elicitation.ts';
export type {
  ElicitFormParams,
  ElicitParams2025,
  ElicitParams2026,
  ElicitResult,
  ElicitUrlParams2025,
  ElicitUrlParams2026,
  FormValue,
} from './message/elicitation.ts';
export { FormFieldSchema, FormSchemaSchema } from './message/form.ts';
export type {
  BooleanFormField,
  ChoiceFormField,
  FormField,
  FormOption,
  FormSchema,
  FormValues,
  MultiChoiceFormField,
  NumberFormField,
  StringFormField,
  TitledChoiceFormField,
  TitledFormValues,
} from './message/form.ts';

// Sampling
export { CreateMessageParamsSchema, CreateMessageResultSchema } from './message/sampling.ts';
export type {
  CreateMessageParams,
  CreateMessageResult,
  ModelHint,
  ModelPreferences,
  SamplingContentBlock,
  SamplingMessage,
  ToolChoice,
  ToolResultContent,
  ToolUseContent,
} from './message/sampling.ts';

// Workflows: our own `_meta`
export {
  WORKFLOW_STEP_STATUSES,
  WorkflowMetaSchema,
  WorkflowPauseSchema,
  WorkflowRequestMetaSchema,
  WorkflowStepStatusSchema,
} from './message/workflow-meta.ts';
export type {
  ClientStepPause,
  IllTypedField,
  SchemaMismatchPause,
  ToolErrorPause,
  UnresolvableParamsPause,
  UnresolvedDependencyPause,
  WorkflowMeta,
  WorkflowPause,
  WorkflowRemainingStep,
  WorkflowRequestMeta,
  WorkflowStepState,
  WorkflowStepStatus,
} from './message/workflow-meta.ts';

// 2025-11-25
export {
  CLIENT_TASKS_CAPABILITY_2025,
  ClientTasksCapability2025Schema,
  SERVER_TASKS_CAPABILITY_2025,
  ServerTasksCapability2025Schema,
} from './v2025/capabilities.ts';
export type {
  ClientElicitationRequests2025,
  ClientSamplingRequests2025,
  ClientTaskRequests2025,
  ClientTasksCapability2025,
  ServerTaskRequests2025,
  ServerTasksCapability2025,
  ServerToolRequests2025,
} from './v2025/capabilities.ts';
export {
  CallToolParams2025Schema,
  ListTasksParams2025Schema,
  TaskIdParams2025Schema,
  TaskMetadata2025Schema,
} from './v2025/requests.ts';
export type { CallToolParams2025, ListTasksParams2025, TaskIdParams2025, TaskMetadata2025 } from './v2025/requests.ts';
export {
  CreateTaskResult2025Schema,
  GetTaskResult2025Schema,
  ListTasksResult2025Schema,
  Task2025Schema,
  TaskPayloadResult2025Schema,
  TaskStatusNotificationParams2025Schema,
} from './v2025/task.ts';
export type {
  CancelTaskResult2025,
  CreateTaskResult2025,
  GetTaskResult2025,
  ListTasksResult2025,
  Task2025,
  TaskPayloadResult2025,
  TaskStatusNotificationParams2025,
} from './v2025/task.ts';
export { CallToolResult2025Schema } from './v2025/tool-result.ts';
export type { CallToolResult2025 } from './v2025/tool-result.ts';

// 2026-07-28 with the tasks extension
export {
  ClientCapabilities2026Schema,
  declaresTasksExtension,
  MissingCapabilityData2026Schema,
  TASKS_EXTENSION_CAPABILITY_2026,
  TASKS_EXTENSION_MISSING_2026,
} from './v2026/capabilities.ts';
export type {
  ClientCapabilities2026,
  ElicitationCapability2026,
  MissingCapabilityData2026,
  RootsCapability2026,
  SamplingCapability2026,
} from './v2026/capabilities.ts';
export {
  InputRequest2026Schema,
  InputRequests2026Schema,
  InputResponse2026Schema,
  InputResponses2026Schema,
  ListRootsResult2026Schema,
} from './v2026/input.ts';
export type {
  CreateMessageRequest2026,
  ElicitRequest2026,
  InputRequest2026,
  InputRequests2026,
  InputResponse2026,
  InputResponses2026,
  ListRootsRequest2026,
  ListRootsResult2026,
  Root2026,
} from './v2026/input.ts';
export {
  ListenParams2026Schema,
  ListenResult2026Schema,
  SubscriptionFilter2026Schema,
  SubscriptionsAcknowledgedParams2026Schema,
  TaskIdParams2026Schema,
  UpdateTaskParams2026Schema,
} from './v2026/requests.ts';
export type {
  CancelTaskResult2026,
  ListenParams2026,
  ListenResult2026,
  ListenResultMeta2026,
  SubscriptionFilter2026,
  SubscriptionsAcknowledgedParams2026,
  TaskIdParams2026,
  UpdateTaskParams2026,
  UpdateTaskResult2026,
} from './v2026/requests.ts';
export {
  CompleteResult2026Schema,
  CreateTaskResult2026Schema,
  DetailedTask2026Schema,
  GetTaskResult2026Schema,
  Task2026Schema,
  TaskNotificationParams2026Schema,
} from './v2026/task.ts';
export type {
  CancelledTask2026,
  CompletedTask2026,
  CompleteResult2026,
  CreateTaskResult2026,
  DetailedTask2026,
  FailedTask2026,
  GetTaskResult2026,
  InputRequiredTask2026,
  Task2026,
  TaskNotificationMeta2026,
  TaskNotificationParams2026,
  WorkingTask2026,
} from './v2026/task.ts';
export { CallToolResult2026Schema } from './v2026/tool-result.ts';
export type { CallToolResult2026 } from './v2026/tool-result.ts';

// Options of every package
export { checkOptions } from './options/check-options.ts';
export type { CheckOptionsOptions } from './options/check-options.ts';
export { option } from './options/option-kind.ts';
export type { OptionKind, OptionTable, OptionTableOf } from './options/option-kind.ts';
