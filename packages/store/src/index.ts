// The public surface of @mcp-tasks/store. Adding a line here makes a promise.

// Records
export { applyHeadPatch, TASK_ENTRY_KINDS } from './record.ts';
export type {
  MutableHeadField,
  TaskEntry,
  TaskEntryKey,
  TaskEntryKind,
  TaskHead,
  TaskHeadPatch,
  TaskPatch,
  TaskProgress,
  TaskRecord,
} from './record.ts';

// The port
export type {
  CreateTask,
  CreateTaskOutcome,
  ListPosition,
  ListTasks,
  OwnerLimits,
  TaskHint,
  TaskLease,
  TaskPage,
  TaskStore,
  UpdateTask,
  UpdateTaskOutcome,
} from './task-store.ts';

// Errors, limits, time
export { TASK_ERROR_CODES, TaskError } from './task-error.ts';
export type { TaskErrorCode, TaskErrorOptions } from './task-error.ts';
export { DEFAULT_LIMITS } from './limits.ts';
export type { TaskLimits } from './limits.ts';
export { systemClock } from './clock.ts';
export type { Clock } from './clock.ts';
