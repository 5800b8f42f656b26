// The public surface of @mcp-tasks/store/rules, for packages that build on a store. Adding a line here makes a promise.

// Rules of a task's life, and their application
export { rules } from './rules/index.ts';
export type { Rule, Verdict } from './rules/rule.ts';
export type { Answered } from './rules/answer.ts';
export { crashFailure, suspectCrashCount } from './rules/claim.ts';
export type { CrashPolicy } from './rules/claim.ts';
export type { Completion } from './rules/end.ts';
export type { Effects, Parking } from './rules/held.ts';
export type { Outcomes } from './rules/outcome.ts';
export { saysWait } from './rules/tool-wait.ts';
export { applyRule } from './rules/apply-rule.ts';
export type { ApplyAccess, ApplyOptions, RuleOutcome } from './rules/apply-rule.ts';
export { CLIENT_RESEND_MS, resend } from './rules/resend.ts';
export type { ResendOptions } from './rules/resend.ts';
export { applyRecordRule } from './rules/apply-record-rule.ts';
export type { RecordAccess, RecordRule } from './rules/apply-record-rule.ts';
export { interrupted, taskNotFound } from './port/failures.ts';
export type { TaskFailure } from './port/failures.ts';

// One owner's tasks, and waiting for changes
export { ownerView } from './view/owner-view.ts';
export type { OwnerPage, OwnerView, OwnerViewOptions } from './view/owner-view.ts';
export { WaiterHub } from './watch/waiter-hub.ts';
export type { WaiterHubOptions } from './watch/waiter-hub.ts';
export type { TaskWaiter } from './watch/awaited-tasks.ts';

// Parts of a record
export { isTaskId, newTaskId } from './port/task-id.ts';
export { grantTtl } from './rules/lifetime.ts';
export { checkOwner, requireOwner } from './rules/owner.ts';
export { mergeVariables, readVariables } from './rules/variables.ts';
export type { VariableChange, VariableKind, VariableLimits, Variables } from './rules/variables.ts';
export { cutUtf8, isWellFormed, utf8Bytes } from './port/text.ts';
export { oversizeError, oversizeOf, oversizeText } from './port/size.ts';
export type { Oversize } from './port/size.ts';

// Copies of a package
export { checkCopy, copiesMixed, MADE_BY } from './port/copies.ts';

// The server's time
export { serverClock } from './time/server-clock.ts';
export type { ClockChange, ServerClock, ServerClockOptions } from './time/server-clock.ts';
