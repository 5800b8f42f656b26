// The public surface of @mcp-tasks/runner/engine, for packages that build on runs. Adding a line here makes a promise.

// From inside a handler
export { amendOwn, askWithoutWaiting, leaseOf } from './engine/own-record.ts';
export { callTool } from './engine/call-tool.ts';
export type { ToolCallInRun } from './engine/call-tool.ts';
export type { ToolOutcome } from './tool/outcome.ts';
export type { NestedCall } from './run/nested-run.ts';

// From outside
export { checkTasksCopy } from './process/internals.ts';
export { amendTask } from './calls/amend-task.ts';
export type { OwnedTask } from './calls/amend-task.ts';
export { authorizeAccess } from './calls/authorize-access.ts';
export type { AccessRequest } from './calls/authorize-access.ts';
export { runCall } from './calls/run-call.ts';
export { servesOneOwner, servesOtherOwners } from './engine/serves-owners.ts';
export { sharesOf } from './engine/shares-of.ts';
export type { InlineEnd } from './run/inline-run.ts';
export type { CountedShare, ShareHolder, Shares } from './core/shares.ts';
export type { Leave } from './core/turns.ts';

// Schemas and JSON
export { argumentProblems } from './engine/argument-problems.ts';
export type { ArgumentProblems } from './engine/argument-problems.ts';
export { formatIssues, parseWith } from './tool/parse-with.ts';
export { escapeHidden } from './tool/hidden-text.ts';
export { fromJson, messageOf, toJson } from './tool/json.ts';
export { checkName } from './tool/names.ts';
export { sentence } from './tool/sentence.ts';
export { askRequests, checkResponse, elicitRequest } from './tool/question-form.ts';
export { inputRefused } from './tool/question-answer.ts';
export { schemaProblem } from './tool/schema-problem.ts';
export type { SchemaSide } from './tool/schema-problem.ts';
export { parseCall } from './tool/stored-call.ts';
