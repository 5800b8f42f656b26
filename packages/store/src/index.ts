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

// The store of one process
export { memoryStore } from './memory-store.ts';

// Errors, limits, time
export { TASK_ERROR_CODES, TaskError } from './task-error.ts';
export type { TaskErrorCode, TaskErrorOptions } from './task-error.ts';
export { DEFAULT_LIMITS } from './limits.ts';
export type { TaskLimits } from './limits.ts';
export { systemClock } from './clock.ts';
export type { Clock } from './clock.ts';
export { serverClock } from './server-clock.ts';
export type { ServerClock } from './server-clock.ts';

// Rules of a task's life, and what applies them
export { applyRule } from './apply-rule.ts';
export type { RuleOutcome } from './apply-rule.ts';
export { applyRecordRule } from './apply-record-rule.ts';
export type { RecordAccess, RecordRule } from './apply-record-rule.ts';
export { rules } from './rules/index.ts';
export { transitionError } from './rules/rule.ts';
export type { Rule, Verdict } from './rules/rule.ts';
export type { Answered } from './rules/answer.ts';
export type { Claim, ClaimOptions } from './rules/claim.ts';
export type { Completion } from './rules/end.ts';
export type { Effects, Parking } from './rules/held.ts';
export type { Outcomes, Recorded } from './rules/outcome.ts';
export { interrupted, runEnded, taskNotFound } from './failures.ts';
export type { TaskFailure } from './failures.ts';
export { cutUtf8, utf8Bytes } from './text.ts';

// One owner's tasks, and waiting for changes
export { ownerView } from './owner-view.ts';
export type { OwnerPage, OwnerView, OwnerViewOptions } from './owner-view.ts';
export { WaiterHub } from './waiter-hub.ts';
export type { WaiterHubOptions } from './waiter-hub.ts';
export type { TaskWaiter } from './awaited-tasks.ts';

// What goes into a record
export { grantTtl } from './lifetime.ts';
export { checkOwner } from './owner.ts';
export { newTaskId } from './task-id.ts';
export { mergeVariables, readVariables } from './variables.ts';
export type { VariableChange, VariableKind, VariableLimits, Variables } from './variables.ts';
