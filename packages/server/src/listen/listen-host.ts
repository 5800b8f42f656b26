import type { OwnerTasks } from '@mcp-tasks/runner';
import type { Clock } from '@mcp-tasks/store';
import type { OwnerContext } from '../owner.ts';

/** What serving `subscriptions/listen` needs to know of the server around it. */
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
