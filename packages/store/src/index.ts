// The public surface of @mcp-tasks/store: for authors of servers and of stores. Adding a line here makes a promise.

// The store of one process
export { memoryStore } from './memory/memory-store.ts';

// Errors, limits, time
export { TASK_ERROR_CODES, TaskError } from './port/task-error.ts';
export type { TaskErrorCode, TaskErrorOptions } from './port/task-error.ts';
export { DEFAULT_LIMITS } from './port/limits.ts';
export type { TaskLimits } from './port/limits.ts';
export { systemClock } from './port/clock.ts';
export type { Clock, ClockSources } from './port/clock.ts';

// Decoding of what a store reads
export { checkHeadField, corruptRecord, decodeRecord, decodeUtf8 } from './port/decode.ts';

// Owners
export { NO_OWNER } from './rules/owner.ts';

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
} from './port/task-store.ts';

// Records
export { applyHeadPatch, TASK_ENTRY_KINDS } from './port/record.ts';
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
} from './port/record.ts';
