// The public surface of @mcp-tasks/runner. Adding a line here makes a promise.

// Tools and calls
export type {
  AskQuestions,
  InputCapabilities,
  ScopeChallenge,
  ScopeChallengeContext,
  ScopeChallengeHandler,
  TaskSupport,
  TaskTool,
  ToolCall,
  ToolHandler,
  ToolOptions,
  TraceContext,
} from './tool.ts';
export type { WorkflowStepInfo } from './workflow-step.ts';
export type { AuthorSchema, SchemaInput, SchemaOutput } from './schema.ts';

// What a handler gets
export type {
  AskedAnswers,
  Elicited,
  ElicitQuestion,
  ParkedRun,
  Sampled,
  StepContext,
  TaskContext,
} from './task-context.ts';

// The task layer
export { createTasks } from './create-tasks.ts';
export { startWorker } from './worker.ts';
export type { WorkerOptions } from './worker.ts';
export type { AuthorizeRequest, InlineHost, OwnerTaskPage, OwnerTasks, Tasks, TasksOptions } from './tasks.ts';
export type { TaskEvent } from './events.ts';
export type { StoredCall } from './stored-call.ts';
export type { RunEndReason } from './run-ended.ts';

// Executors
export { inProcessExecutor } from './in-process-executor.ts';
export type { InProcessExecutorOptions } from './in-process-executor.ts';
export type { ExecutorHost, QueuedTask, RunSlot, TaskExecutor } from './executor.ts';

// Declared questions, for whoever asks them before a task exists
export { askRequests, checkResponse } from './questions.ts';
