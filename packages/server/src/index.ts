// The public surface of @mcp-tasks/server. Adding a line here makes a promise.

// A server with tasks
export { serveTasks } from './serve-tasks.ts';
export type { ServeTasksOptions, StdioConnection, TaskApp } from './serve-tasks.ts';

// Its parts, each usable alone
export { attach } from './attach.ts';
export { wrapHandler } from './http.ts';
export type { WrapHandlerOptions } from './http.ts';
export { wrapTransport } from './stdio.ts';
export type { TaskServerOptions } from './host.ts';
export type { WorkflowServingOptions } from './workflow/workflow-options.ts';

// Whose tasks
export { subjectClientSession } from './owner.ts';
export type { OwnerContext, OwnerOptions } from './owner.ts';
