// The public surface of @mcp-tasks/runner. Adding a line here makes a promise.

// Tools and calls
export type {
  AskQuestions,
  InputCapabilities,
  ScopeChallenge,
  ScopeChallengeContext,
  ScopeChallengeHandler,
  TaskTool,
  ToolCall,
  ToolHandler,
  ToolOptions,
  TraceContext,
} from './api/tool.ts';
export type { WorkflowStepInfo } from './api/workflow-step.ts';
export type { AuthorSchema, SchemaInput, SchemaOutput } from './api/schema.ts';

// Arguments of a handler
export type {
  AskedAnswers,
  Elicited,
  ElicitQuestion,
  Root,
  UrlElicited,
  UrlQuestion,
  ParkedRun,
  Sampled,
  StepContext,
  StepFunction,
  RetryOptions,
  TaskContext,
} from './api/task-context.ts';

// The task layer
export { createTasks } from './layer/create-tasks.ts';
export { startWorker } from './layer/worker.ts';
export type { WorkerOptions } from './layer/worker.ts';
export type { AuthorizeRequest, InlineHost, OwnerTasks, TaskAccess, Tasks, TasksOptions } from './api/tasks.ts';
export type { LimitName, TaskEvent } from './api/events.ts';
export type { ShareLimits } from './api/share-limits.ts';
export type { StoredCall } from './tool/stored-call.ts';

// Executors
export { inProcessExecutor } from './process/in-process-executor.ts';
export type { InProcessExecutorOptions } from './process/in-process-executor.ts';
export type { ExecutorHost, RunSlot, SubmittedTask, TaskExecutor } from './api/executor.ts';
