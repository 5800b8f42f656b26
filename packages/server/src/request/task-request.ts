import { TaskError } from '@mcp-tasks/store';
import { CLIENT_CAPABILITIES_META_KEY, isJsonObject, type JsonObject } from '@mcp-tasks/wire';
import type { OwnerContext, ResolvedOwner } from './owner.ts';

/** Which of the two task protocols a connection speaks. */
export type Generation = '2025-11-25' | '2026-07-28';

/** How far the client has read the stream on which a request is answered. */
interface AnswerStream {
  /** How many messages were sent that the client has not taken. */
  readonly unread: number;
  /** Wait until all before is read; undefined when `signal` aborts. What comes ends the turn. */
  turn(signal: AbortSignal): Promise<(() => void) | undefined>;
}

/** A request that concerns tasks, as known before the SDK handles it. */
export interface TaskRequest {
  readonly generation: Generation;
  readonly owner: ResolvedOwner;
  readonly context: OwnerContext;
  /** As received. */
  readonly params: Fields;
  /**
   * Of this request (2026-07-28) or of `initialize` (2025-11-25); undefined = unknown, as on stateless HTTP in 2025.
   */
  readonly clientCapabilities: unknown;
  /** The stream on which this request is answered. */
  readonly stream: AnswerStream;
  /** The answer went out, or the client no longer waits for it. */
  readonly isOver: () => boolean;
  /** Requests of ours reach the client on this connection, and the answers come back on it. */
  readonly isTwoWay: boolean;
}

/** An object whose fields are not checked yet. */
export type Fields = Readonly<Record<string, unknown>>;

/** The fields of a value; none when it is not an object. */
export function fieldsOf(value: unknown): Fields {
  return isJsonObject(value) ? value : {};
}

/** The client capabilities that a 2026-07-28 request carries. */
export function declaredCapabilities(params: Fields): unknown {
  return fieldsOf(params['_meta'])[CLIENT_CAPABILITIES_META_KEY];
}

/** The `taskId` of a request. @throws {TaskError} INVALID_ARGUMENTS - it is not a string. */
export function readTaskId({ taskId }: Fields): string {
  if (typeof taskId !== 'string') throw new TaskError('INVALID_ARGUMENTS', 'taskId must be a string.');
  return taskId;
}

/**
 * The lifetime that a 2025-11-25 request asks for.
 *
 * @throws {TaskError} INVALID_TTL - it is not a whole number of milliseconds from 1 to 2^53-1.
 */
export function readRequestedTtlMs({ task }: Fields): number | undefined {
  if (!isJsonObject(task)) throw new TaskError('INVALID_ARGUMENTS', 'task must be an object.');
  const { ttl } = task;
  if (ttl === undefined) return undefined;
  if (!Number.isSafeInteger(ttl) || (ttl as number) < 1) {
    throw new TaskError('INVALID_TTL', 'task.ttl must be a whole number of milliseconds from 1 to 2^53-1.', {
      details: { field: 'task.ttl' },
    });
  }
  return ttl as number;
}

/** The arguments of a tools/call; the SDK refuses other values. */
export function readArguments(params: Fields): JsonObject {
  return fieldsOf(params['arguments']) as JsonObject;
}
