import type { OwnerTasks } from '@mcp-tasks/runner';
import type { Clock, TaskHead } from '@mcp-tasks/store';
import type { InputRequest, ProgressToken } from '@mcp-tasks/wire';
import type { RequestId } from '@modelcontextprotocol/server';
import type { EndTurn } from '../transport/outlet.ts';

/** A notification about a task. */
export interface TaskNotification {
  readonly method: string;
  readonly params: object;
}

/** Uses of a connection by a relay. */
export interface RelayConnection {
  readonly clock: Clock;
  /**
   * Wait until the reader of this stream has taken all before; undefined when `signal` aborts. What comes ends the
   * turn.
   */
  turn(requestId: RequestId | undefined, signal: AbortSignal): Promise<EndTurn | undefined>;
  /** Send on the stream of this request, or on the connection's own. */
  notify(notification: TaskNotification, requestId: RequestId | undefined): Promise<void>;
  /** Ask a question of a task on the stream of this request. */
  ask(requestId: RequestId, question: { taskId: string; key: string; request: InputRequest }): Promise<void>;
  reportError(error: unknown): void;
}

/** The task that a relay follows. */
export interface RelayedTask {
  readonly tasks: OwnerTasks;
  /** As the client knows it: what differs from it is news. */
  readonly head: TaskHead;
  readonly progressToken: ProgressToken | undefined;
  /** The connection has a stream of its own, and the task was made on it. */
  readonly isStandalone: boolean;
}
