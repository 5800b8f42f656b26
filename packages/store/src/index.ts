// The public surface of @mcp-tasks/store. Adding a line here makes a promise.

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

// The store of one process
export { memoryStore } from './memory/memory-store.ts';

// Errors, limits, time
export { TASK_ERROR_CODES, TaskError } from './port/task-error.ts';
export type { TaskErrorCode, TaskErrorOptions } from './port/task-error.ts';
export { DEFAULT_LIMITS } from './port/limits.ts';
export type { TaskLimits } from './port/limits.ts';
export { systemClock } from './port/clock.ts';
export type { Clock } from './port/clock.ts';
export { serverClock } from './time/server-clock.ts';
export type { ServerClock } from './time/server-clock.ts';

// Rules of a task's life, and what applies them
export { applyRule } from './rules/apply-rule.ts';
export type { RuleOutcome } from './rules/apply-rule.ts';
export { applyRecordRule } from './rules/apply-record-rule.ts';
export type { RecordAccess, RecordRule } from './rules/apply-record-rule.ts';
export { rules } from './rules/index.ts';
export { transitionError } from './rules/rule.ts';
export type { Rule, Verdict } from './rules/rule.ts';
export type { Answered } from './rules/answer.ts';
export type { Claim, ClaimOptions } from './rules/claim.ts';
export type { Completion } from './rules/end.ts';
export type { Effects, Parking } from './rules/held.ts';
export type { Outcomes, Recorded } from './rules/outcome.ts';
export { interrupted, runEnded, taskNotFound } from './port/failures.ts';
export type { TaskFailure } from './port/failures.ts';
export { cutUtf8, utf8Bytes } from './port/text.ts';

// One owner's tasks, and waiting for changes
export { ownerView } from './view/owner-view.ts';
export type { OwnerPage, OwnerView, OwnerViewOptions } from './view/owner-view.ts';
export { WaiterHub } from './watch/waiter-hub.ts';
export type { WaiterHubOptions } from './watch/waiter-hub.ts';
export type { TaskWaiter } from './watch/awaited-tasks.ts';

// What goes into a record
export { grantTtl } from './rules/lifetime.ts';
export { checkOwner } from './rules/owner.ts';
export { newTaskId } from './port/task-id.ts';
export { mergeVariables, readVariables } from './rules/variables.ts';
export type { VariableChange, VariableKind, VariableLimits, Variables } from './rules/variables.ts';
