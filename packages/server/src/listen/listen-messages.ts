import { TaskError, type TaskRecord } from '@mcp-tasks/store';
import { isJsonObject } from '@mcp-tasks/wire';
import {
  type JSONRPCMessage,
  type JSONRPCNotification,
  type RequestId,
  type ResultMetaObject,
  SERVER_INFO_META_KEY,
  SUBSCRIPTION_ID_META_KEY,
} from '@modelcontextprotocol/server';
import { requireInputCapabilities } from '../request/client-capabilities.ts';
import { toErrorObject } from '../request/errors.ts';
import { detailedTask } from '../show/codec-2026.ts';
import { isRequestId, type TaskListenRequest } from './listen-request.ts';

const ACKNOWLEDGED_METHOD = 'notifications/subscriptions/acknowledged';

/** The acknowledgement of a subscription, if that is what the message is. */
export interface Acknowledgement {
  readonly id: RequestId;
  readonly notification: JSONRPCNotification;
}

/** Read a message of the SDK as the acknowledgement of a subscription. */
export function readAcknowledgement(message: unknown): Acknowledgement | undefined {
  if (!isJsonObject(message) || message['method'] !== ACKNOWLEDGED_METHOD || !isJsonObject(message['params']))
    return undefined;
  const meta = message['params']['_meta'];
  const id = isJsonObject(meta) ? meta[SUBSCRIPTION_ID_META_KEY] : undefined;
  return isRequestId(id) ? { id, notification: message as unknown as JSONRPCNotification } : undefined;
}

/** The id of the request that the message answers, with a result or an error. */
export function answeredId(message: unknown): RequestId | undefined {
  return isJsonObject(message) && !('method' in message) && isRequestId(message['id']) ? message['id'] : undefined;
}

/** The server as results name it; unknown until the first one. */
export type ServerInfo = ResultMetaObject[typeof SERVER_INFO_META_KEY];

/** Tell whether an acknowledgement grants anything beside tasks. */
export function grantsNothing(acknowledgement: JSONRPCNotification): boolean {
  const granted = acknowledgement.params?.['notifications'];
  return typeof granted !== 'object' || granted === null || Object.keys(granted).length === 0;
}

/** The acknowledgement with the granted tasks added. @see SEP-2663, "Task Status Notifications" */
export function acknowledgeTasks(
  acknowledgement: JSONRPCNotification,
  taskIds: readonly string[],
): JSONRPCNotification {
  const { params } = acknowledgement;
  const notifications = { ...(params?.['notifications'] as object | undefined), taskIds };
  return { ...acknowledgement, params: { ...params, notifications } };
}

/**
 * `notifications/tasks` with the task as `tasks/get` would show it now; undefined while the task asks what this client
 * did not say that it can answer: `tasks/get` tells it so with an error, and a notification cannot.
 *
 * @see SEP-2663, "Task Status Notifications"
 */
export function taskNotification(
  record: TaskRecord,
  { id, clientCapabilities }: Pick<TaskListenRequest, 'id' | 'clientCapabilities'>,
): JSONRPCNotification | undefined {
  const task = detailedTask(record);
  if (task.status === 'input_required' && !canAnswer(Object.values(task.inputRequests), clientCapabilities)) {
    return undefined;
  }
  return {
    jsonrpc: '2.0',
    method: 'notifications/tasks',
    params: { ...task, _meta: { ...task._meta, [SUBSCRIPTION_ID_META_KEY]: id } },
  };
}

function canAnswer(requests: Parameters<typeof requireInputCapabilities>[0], clientCapabilities: unknown): boolean {
  try {
    requireInputCapabilities(requests, clientCapabilities);
    return true;
  } catch (error) {
    if (TaskError.is(error, 'CLIENT_CAPABILITY_REQUIRED')) return false;
    throw error;
  }
}

/** The graceful end of a subscription. @see 2026-07-28, Subscriptions, "Graceful Closure" */
export function listenResult(id: RequestId, serverInfo: ServerInfo): JSONRPCMessage {
  return {
    jsonrpc: '2.0',
    id,
    result: {
      resultType: 'complete',
      _meta: {
        [SUBSCRIPTION_ID_META_KEY]: id,
        ...(serverInfo !== undefined && { [SERVER_INFO_META_KEY]: serverInfo }),
      },
    },
  };
}

/** The end of a subscription that could not go on. */
export function listenFailure(id: RequestId, error: unknown): JSONRPCMessage {
  return { jsonrpc: '2.0', id, error: toErrorObject(error) };
}
