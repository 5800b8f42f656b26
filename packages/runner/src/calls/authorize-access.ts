import { TaskError } from '@mcp-tasks/store';
import { ownerView } from '@mcp-tasks/store/rules';
import type { JsonValue } from '@mcp-tasks/wire';
import type { TaskAccess, Tasks } from '../api/tasks.ts';
import type { TaskLayer } from '../core/task-layer.ts';
import { internalsOf } from '../process/internals.ts';
import { readCall } from '../tool/stored-call.ts';

/** A use of a task that a caller asks for. */
export interface AccessRequest {
  readonly owner: string;
  readonly taskId: string;
  readonly via: TaskAccess;
  /** Makes the value of the caller who asks; undefined = none was made of this request. */
  readonly caller?: (() => JsonValue | undefined) | undefined;
}

/**
 * Ask `authorize` before a task is used, if it wants to be asked (`authorizeAccess`). A task that is foreign or missing
 * is not asked about: what comes next refuses it as such.
 *
 * @returns undefined where it is not asked. @throws {TaskError} of the store; every error of `authorize`
 */
export function authorizeAccess(tasks: Tasks, request: AccessRequest): Promise<void> | undefined {
  const { layer, lifecycle } = internalsOf(tasks);
  if (!layer.settings.authorizeAccess.has(request.via)) return undefined;
  return lifecycle.during(asked(layer, request, lifecycle.ready()));
}

async function asked(
  layer: TaskLayer,
  { owner, taskId, via, caller }: AccessRequest,
  opening: Promise<void> | undefined,
): Promise<void> {
  await opening;
  const record = await ownerView(layer, owner)
    .get(taskId, ['call'])
    .catch((error: unknown) => {
      if (TaskError.is(error, 'TASK_NOT_FOUND')) return undefined;
      throw error;
    });
  if (record === undefined) return;
  const { head, entries } = record;
  const { arguments: args, caller: stored, trace } = readCall(taskId, entries);
  const request = { owner, caller: caller?.() ?? stored, tool: head.handler, arguments: args, via };
  await layer.authorize(request, { taskId, trace });
}
