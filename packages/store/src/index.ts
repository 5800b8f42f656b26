// The public surface of @mcp-tasks/store: for authors of servers and of stores. Adding a line here makes a promise.

// The store of one process
export { memoryStore } from './memory/memory-store.ts';

// Encryption of what a store keeps
export { sealed } from './sealed/sealed.ts';
export type { SealedOptions } from './sealed/sealed.ts';
export type { SealKey } from './sealed/key-ring.ts';

// Errors, limits, time
export { TASK_ERROR_CODES, TaskError } from './port/task-error.ts';
export type { TaskErrorCode, TaskErrorOptions } from './port/task-error.ts';
export { DEFAULT_LIMITS } from './port/limits.ts';
export type { TaskLimits } from './port/limits.ts';
export { systemClock } from './port/clock.ts';
export type { Clock, ClockSources } from './port/clock.ts';

// Decoding of what a store reads
export { checkHeadField, corruptRecord, decodeRecord, decodeUtf8 } from './port/decode.ts';

// The change of a head by a claim
export { claimPatch } from './rules/claim.ts';
export type { HeadClaim } from './rules/claim.ts';

// Owners
export { NO_OWNER } from './rules/owner.ts';

// The port
export { PORT_VERSION } from './port/task-store.ts';
export type {
  ClaimHandler,
  ClaimOutcome,
  ClaimTasks,
  CreateTask,
  CreateTaskOutcome,
  DuePosition,
  DueTasks,
  ListPosition,
  ListTasks,
  OwnerLimits,
  OwnerRoom,
  TaskHint,
  TaskLease,
  TaskPage,
  TaskStore,
  UpdateTask,
  UpdateTaskOutcome,
} from './port/task-store.ts';

// Hints
export { hintOf } from './port/hint.ts';

// Records
export { applyHeadPatch, entryBytes, JOIN_STATES, TASK_ENTRY_KINDS } from './port/record.ts';
export { newWriteId } from './port/task-id.ts';
export type {
  JoinState,
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
