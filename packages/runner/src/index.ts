// The public surface of @mcp-tasks/runner. Adding a line here makes a promise.

// Tools and calls
export type {
  AskQuestions,
  InputCapabilities,
  TaskSupport,
  TaskTool,
  ToolCall,
  ToolHandler,
  ToolOptions,
  TraceContext,
} from './tool.ts';
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
export type { AuthorizeRequest, InlineHost, OwnerTaskPage, OwnerTasks, Tasks, TasksOptions } from './tasks.ts';
export type { TaskEvent } from './events.ts';

// Executors
export type { ExecutorHost, QueuedTask, RunSlot, TaskExecutor } from './executor.ts';

// Questions, as they go over the wire
export { askRequests, checkResponse } from './questions.ts';
