import type { OwnerTasks } from '@mcp-tasks/runner';
import type { Leave } from '@mcp-tasks/runner/engine';
import { TaskError } from '@mcp-tasks/store';
import { JSON_RPC_ERROR } from '@mcp-tasks/wire';
import type { JSONRPCErrorResponse } from '@modelcontextprotocol/server';
import { declaresTasksExtension, tasksExtensionRequired } from '../request/client-capabilities.ts';
import { isFault, toErrorObject } from '../request/errors.ts';
import type { OwnerContext } from '../request/owner.ts';
import type { ListenHost } from './listen-host.ts';
import type { TaskListenRequest } from './listen-request.ts';

/** A JSON-RPC error with the HTTP status that it goes with. */
export interface ListenRefusal {
  readonly httpStatus: number;
  readonly message: JSONRPCErrorResponse;
}

/** The tasks whose changes a subscription will carry. */
export interface GrantedTasks {
  /** Undefined for a caller who may have no tasks. */
  readonly tasks: OwnerTasks | undefined;
  readonly taskIds: readonly string[];
  /** The stream is over: its caller may have another. */
  readonly leave: Leave;
}

/**
 * Why a request gets no stream at all, even if its tasks exist: it does not declare the extension, or its ids are no
 * ids.
 *
 * @see SEP-2663, "Task Status Notifications" for -32021
 */
export function refusal(listen: TaskListenRequest): ListenRefusal | undefined {
  if (!declaresTasksExtension(listen.clientCapabilities))
    return refuse(listen, 400, toErrorObject(tasksExtensionRequired()));
  return TaskError.is(listen.taskIds) ? refuse(listen, 200, toErrorObject(listen.taskIds)) : undefined;
}

/** Why a request gets no stream now: too many are open. The text is the SDK's. */
export function subscriptionLimit(listen: TaskListenRequest): ListenRefusal {
  return refuse(listen, 200, { code: JSON_RPC_ERROR.INTERNAL_ERROR, message: 'Subscription limit reached' });
}

/** Keep those of the ids that are the caller's tasks; or the error to answer when that cannot be found out. */
export async function grantTasks(
  host: ListenHost,
  listen: TaskListenRequest,
  context: OwnerContext,
): Promise<GrantedTasks | ListenRefusal> {
  const taskIds = TaskError.is(listen.taskIds) ? [] : listen.taskIds;
  let leave: Leave = () => undefined;
  try {
    const tasks = host.tasksOf(context);
    if (tasks === undefined) return { tasks, taskIds: [], leave };
    leave = await host.begin(context);
    const found = await Promise.all(
      taskIds.map(async (taskId) => (await isTaskOf(tasks, taskId)) && mayRead(host, context, taskId)),
    );
    return { tasks, taskIds: taskIds.filter((_, index) => found[index]), leave };
  } catch (error) {
    leave();
    if (isFault(error)) host.reportError(error);
    return refuse(listen, 200, toErrorObject(error));
  }
}

/** A task that the caller may not see looks like one that is missing; the author hears of it by an event. */
async function mayRead(host: ListenHost, context: OwnerContext, taskId: string): Promise<boolean> {
  try {
    await host.mayRead(context, taskId);
    return true;
  } catch {
    return false;
  }
}

/** Foreign, missing and expired tasks look the same. */
async function isTaskOf(tasks: OwnerTasks, taskId: string): Promise<boolean> {
  try {
    await tasks.get(taskId);
    return true;
  } catch (error) {
    if (!TaskError.is(error, 'TASK_NOT_FOUND')) throw error;
    return false;
  }
}

function refuse(listen: TaskListenRequest, httpStatus: number, error: JSONRPCErrorResponse['error']): ListenRefusal {
  return { httpStatus, message: { jsonrpc: '2.0', id: listen.id, error } };
}
