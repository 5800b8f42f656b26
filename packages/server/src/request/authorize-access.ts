import type { TaskAccess } from '@mcp-tasks/runner';
import { authorizeAccess } from '@mcp-tasks/runner/engine';
import { TASK_METHODS } from '@mcp-tasks/wire';
import type { OwnerContext, ResolvedOwner } from './owner.ts';
import type { TaskHost } from './task-host.ts';

/** A caller, and the task that it names. */
interface Access {
  readonly owner: ResolvedOwner;
  readonly context: OwnerContext;
  readonly taskId: unknown;
  readonly via: TaskAccess;
}

const ACCESSES: ReadonlyMap<string, TaskAccess> = new Map([
  [TASK_METHODS.GET, 'get'],
  [TASK_METHODS.RESULT_2025, 'result'],
  [TASK_METHODS.UPDATE_2026, 'answer'],
  [TASK_METHODS.CANCEL, 'cancel'],
]);

/** Find the use of a task that a method is; undefined for methods that name no task. */
export function accessOf(method: string): TaskAccess | undefined {
  return ACCESSES.get(method);
}

/**
 * Ask the author whether a caller may use a task so, where the author wants to be asked.
 *
 * @returns undefined where it is not asked. @throws {TaskError} of the store; every error of `authorize` and `caller`
 */
export function authorizeTask(host: TaskHost, { owner, context, taskId, via }: Access): Promise<void> | undefined {
  // What is no id is refused by the handler of the method.
  if (typeof taskId !== 'string') return undefined;
  const { caller } = host.options;
  return authorizeAccess(host.tasks, { owner: owner.owner, taskId, via, caller: () => caller?.(context) });
}
