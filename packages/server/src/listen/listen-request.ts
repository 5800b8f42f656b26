import { TaskError } from '@mcp-tasks/store';
import { utf8Bytes } from '@mcp-tasks/store/rules';
import { isJsonObject } from '@mcp-tasks/wire';
import {
  CLIENT_CAPABILITIES_META_KEY,
  isJSONRPCRequest,
  type JSONRPCRequest,
  PROTOCOL_VERSION_META_KEY,
  type RequestId,
} from '@modelcontextprotocol/server';

/** The method that opens a stream of notifications (2026-07-28). */
export const LISTEN_METHOD = 'subscriptions/listen';

/**
 * Most task ids that one `subscriptions/listen` may name: each costs a read, a watch and a place in the stream's
 * memory.
 * More are refused with -32602; a client with more tasks opens several streams.
 */
export const MAX_TASK_IDS_PER_LISTEN = 256;

/** Longest id of a `subscriptions/listen` with task ids, in bytes. More is refused with -32602. */
const MAX_LISTEN_ID_BYTES = 256;

/** A `subscriptions/listen` that asks for task notifications. */
export interface TaskListenRequest {
  readonly id: RequestId;
  /** Capabilities that the client declares on this request. */
  readonly clientCapabilities: unknown;
  /** The ids asked for, each once; or why they are refused. */
  readonly taskIds: readonly string[] | TaskError;
  /** The request without `taskIds`, for the SDK. */
  readonly forwarded: JSONRPCRequest;
}

/** Tell whether a value can be the id of a request. */
export function isRequestId(value: unknown): value is RequestId {
  return typeof value === 'string' || typeof value === 'number';
}

function readTaskIds(id: RequestId, taskIds: unknown): TaskListenRequest['taskIds'] {
  if (typeof id === 'string' && utf8Bytes(id) > MAX_LISTEN_ID_BYTES) {
    return illFormed(
      `The id of the request must have at most ${MAX_LISTEN_ID_BYTES} bytes: every notification carries it.`,
      'id',
    );
  }
  if (!Array.isArray(taskIds) || !taskIds.every((taskId) => typeof taskId === 'string')) {
    return illFormed('notifications.taskIds must be an array of strings.');
  }
  const unique = [...new Set(taskIds)];
  return unique.length <= MAX_TASK_IDS_PER_LISTEN
    ? unique
    : illFormed(`notifications.taskIds must name at most ${MAX_TASK_IDS_PER_LISTEN} tasks.`);
}

function illFormed(message: string, field = 'notifications.taskIds'): TaskError {
  return new TaskError('INVALID_ARGUMENTS', message, { details: { field } });
}

/**
 * Read a message as a 2026-07-28 `subscriptions/listen` with `taskIds`.
 *
 * @returns undefined for every other message: those are the SDK's alone.
 */
export function readTaskListen(message: unknown): TaskListenRequest | undefined {
  if (!isJsonObject(message) || message['method'] !== LISTEN_METHOD || !isJSONRPCRequest(message)) return undefined;
  const params: unknown = message.params;
  if (!isJsonObject(params) || !isJsonObject(params['_meta']) || !(PROTOCOL_VERSION_META_KEY in params['_meta'])) {
    return undefined;
  }
  const filter = params['notifications'];
  if (!isJsonObject(filter) || filter['taskIds'] === undefined) return undefined;
  const { taskIds, ...otherTypes } = filter;
  return {
    id: message.id,
    clientCapabilities: params['_meta'][CLIENT_CAPABILITIES_META_KEY],
    taskIds: readTaskIds(message.id, taskIds),
    forwarded: { ...message, params: { ...message.params, notifications: otherTypes } },
  };
}
