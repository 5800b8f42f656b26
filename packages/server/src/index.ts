// The public surface of @mcp-tasks/server. Adding a line here makes a promise.

// A server with tasks
export { serveTasks } from './serve/serve-tasks.ts';
export type { ServeTasksOptions, StdioConnection, TaskApp, TaskHttpOptions } from './serve/serve-tasks.ts';
export type { ServerFactory } from './serve/make-server.ts';

// Its parts, each usable alone
export { attach } from './serve/attach.ts';
export { wrapHandler } from './serve/wrap-handler.ts';
export type { WrapHandlerOptions } from './serve/wrap-handler.ts';
export { withSessions } from './serve/sessions.ts';
export type { WithSessionsOptions } from './serve/sessions.ts';
export { wrapTransport } from './serve/wrap-transport.ts';
export type { TaskServerOptions } from './request/task-host.ts';
export type { LimitedRequest, RequestLimiter } from './request/request-limit.ts';
export type { WorkflowServingOptions } from './request/workflow-options.ts';

// Whose tasks
export { subjectClientSession } from './request/owner.ts';
export type { OwnerContext, OwnerOptions } from './request/owner.ts';
