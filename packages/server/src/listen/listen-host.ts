import type { OwnerTasks } from '@mcp-tasks/runner';
import type { Clock } from '@mcp-tasks/store';
import type { OwnerContext } from '../request/owner.ts';
import type { TaskHost } from '../request/task-host.ts';

/** Questions of `subscriptions/listen` to the server around it. */
export interface ListenHost {
  readonly clock: Clock;
  /**
   * The caller's tasks; undefined for a caller who may have none, who is then granted none.
   *
   * @throws {TaskError} OWNER_INVALID
   */
  tasksOf(context: OwnerContext): OwnerTasks | undefined;
  /** Take a fault that the client is told nothing of but -32603. */
  readonly reportError: (error: unknown) => void;
}

/** Answer what serving `subscriptions/listen` asks of a server. */
export function listenHost(host: TaskHost): ListenHost {
  const { tasks } = host;
  return {
    clock: tasks.clock,
    reportError: (error) => {
      host.reportError(error);
    },
    tasksOf(context) {
      const { kind, owner } = host.ownerOf(context);
      return kind === 'refused' ? undefined : tasks.for(owner);
    },
  };
}
