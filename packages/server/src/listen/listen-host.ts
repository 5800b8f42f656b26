import type { OwnerTasks } from '@mcp-tasks/runner';
import { type Leave, sharesOf } from '@mcp-tasks/runner/engine';
import type { Clock } from '@mcp-tasks/store';
import { TASK_METHODS } from '@mcp-tasks/wire';
import { authorizeTask } from '../request/authorize-access.ts';
import type { OwnerContext } from '../request/owner.ts';
import type { TaskHost } from '../request/task-host.ts';

const LISTEN = { method: TASK_METHODS.LISTEN_2026, name: undefined };

/** Questions of `subscriptions/listen` to the server around it. */
export interface ListenHost {
  readonly clock: Clock;
  /**
   * The caller's tasks; undefined for a caller who may have none, who is then granted none.
   *
   * @throws {TaskError} OWNER_INVALID
   */
  tasksOf(context: OwnerContext): OwnerTasks | undefined;
  /**
   * Count a stream of the caller. @returns ends it. @throws {TaskError} LISTEN_LIMIT; REQUEST_LIMIT; OWNER_INVALID
   */
  begin(context: OwnerContext): Promise<Leave>;
  /**
   * Ask the author whether the caller may see the task and its result; undefined where the author is not asked.
   * Rejects when not.
   */
  mayRead(context: OwnerContext, taskId: string): Promise<void> | undefined;
  /** Take a fault that the client is told nothing of but -32603. */
  readonly reportError: (error: unknown) => void;
}

/** Answer what serving `subscriptions/listen` asks of a server. */
export function listenHost(host: TaskHost): ListenHost {
  const { tasks } = host;
  const shares = sharesOf(tasks);
  return {
    clock: tasks.clock,
    reportError: (error) => {
      host.reportError(error);
    },
    mayRead(context, taskId) {
      const read = { owner: host.ownerOf(context), context, taskId };
      const allowed = authorizeTask(host, { ...read, via: 'get' });
      const result = authorizeTask(host, { ...read, via: 'result' });
      return allowed === undefined ? result : Promise.all([allowed, result]).then(() => undefined);
    },
    async begin(context) {
      const owner = host.ownerOf(context);
      const refused = await host.limit.count(LISTEN, { owner, context });
      if (refused !== undefined) throw refused;
      return shares.take('maxListenStreams', { owner: owner.owner, isCommon: owner.kind !== 'owner' });
    },
    tasksOf(context) {
      const { kind, owner } = host.ownerOf(context);
      return kind === 'refused' ? undefined : tasks.for(owner);
    },
  };
}
