import type { OwnerTasks } from '@mcp-tasks/runner';
import type { McpServer, RegisteredTool, RequestId } from '@modelcontextprotocol/server';
import type { TaskConnection } from '../connection/connection.ts';
import type { TaskRequest } from '../request/task-request.ts';
import type { WorkflowServing } from '../workflow/serving/workflow-serving.ts';

/** Input of a handler of a `tasks/...` method. */
export interface TaskHandlerInput {
  /** The caller's tasks. */
  readonly tasks: OwnerTasks;
  readonly request: TaskRequest;
  readonly connection: TaskConnection;
  readonly mcp: McpServer;
  /** Our tools as registered with the SDK, by name. */
  readonly registered: ReadonlyMap<string, RegisteredTool>;
  /** The request as it waits: its signal aborts when the client gives it up. */
  readonly pending: { readonly id: RequestId; readonly signal: AbortSignal };
  /** Undefined when there are none. */
  readonly workflows: WorkflowServing | undefined;
}

/** Answers a `tasks/...` method of one generation. @throws {TaskError} mapped to JSON-RPC by the caller. */
export type TaskHandler = (input: TaskHandlerInput) => Promise<object>;
