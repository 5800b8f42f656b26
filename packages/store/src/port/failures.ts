import { JSON_RPC_ERROR, type JsonValue } from '@mcp-tasks/wire';
import { TaskError } from './task-error.ts';
import type { TaskLease } from './task-store.ts';

/** The JSON-RPC error with which a task failed, as its `error` entry keeps it. */
export interface TaskFailure {
  readonly code: number;
  readonly message: string;
  readonly data?: JsonValue | undefined;
}

/**
 * Make the one error for a task that is missing, expired or foreign: the caller cannot tell which.
 *
 * @example
 * throw taskNotFound();
 */
export function taskNotFound(): TaskError {
  return new TaskError('TASK_NOT_FOUND', 'Task not found: taskId names no task of yours, or the task has expired.');
}

/** Make the error RUN_ENDED: the run may no longer write, for its task is over, parked, or held by another run. */
export function runEnded(lease: TaskLease): TaskError {
  const { taskId, attempt } = lease;
  return new TaskError(
    'RUN_ENDED',
    `Run ${attempt} of task ${taskId} may no longer write: the task is over or not held by it.`,
    {
      details: { taskId, attempt },
    },
  );
}

/** Make the JSON-RPC error with which an interrupted task fails. */
export function interrupted(reason: string): TaskFailure {
  return {
    code: JSON_RPC_ERROR.INTERNAL_ERROR,
    message: `The task was interrupted: ${reason}`,
    data: { code: 'TASK_INTERRUPTED' },
  };
}
