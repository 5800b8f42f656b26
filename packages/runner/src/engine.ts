// The public surface of @mcp-tasks/runner/engine, for packages that build on runs. Adding a line here makes a promise.

// From inside a handler
export { amendOwn, askWithoutWaiting, leaseOf } from './engine/own-record.ts';
export { callTool } from './engine/call-tool.ts';
export type { ToolCallInRun } from './engine/call-tool.ts';
export type { CallOutcome } from './outcome.ts';
export type { NestedCall } from './engine/nested-run.ts';

// From outside
export { amendTask } from './engine/amend-task.ts';
export type { OwnedTask } from './engine/amend-task.ts';
export { runCall } from './engine/run-call.ts';
export type { InlineOutcome } from './inline.ts';

// Schemas and JSON
export { argumentProblems } from './engine/argument-problems.ts';
export type { ArgumentProblems } from './engine/argument-problems.ts';
export { formatIssues, parseWith } from './schema.ts';
export { fromJson, isJsonObject, messageOf, toJson } from './json.ts';
export { checkName } from './options.ts';
export { elicitRequest } from './questions.ts';
export { parseCall } from './stored-call.ts';
