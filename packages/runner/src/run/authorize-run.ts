import type { AuthorizeRequest } from '../api/tasks.ts';
import type { TaskLayer } from '../core/task-layer.ts';
import type { HandlerHost } from '../handler/handler-host.ts';
import { type HandlerResult, refusedOutcome } from '../tool/outcome.ts';

type AuthorizedRun = Pick<HandlerHost, 'owner' | 'entries'>;

/** The call that a run wants to execute, and the task that an event about a refusal names. */
export type RunExecution = Pick<AuthorizeRequest, 'tool' | 'arguments' | 'via'> & {
  readonly taskId?: string | undefined;
};

/** Ask whether a run may execute this, for its owner and caller. Throws to refuse. */
export function authorizeRun(
  layer: TaskLayer,
  { owner, entries }: AuthorizedRun,
  { taskId, ...execution }: RunExecution,
): Promise<void> | undefined {
  const { caller, trace } = entries.call;
  return layer.authorize({ owner, caller, ...execution }, { taskId, trace });
}

/** The refusal of a run that must be authorized anew; it fails the task. */
export async function refusalOfRerun(
  layer: TaskLayer,
  run: AuthorizedRun & Pick<HandlerHost, 'tool' | 'taskId'>,
): Promise<HandlerResult | undefined> {
  const { tool, taskId, entries } = run;
  try {
    await authorizeRun(layer, run, { tool: tool.name, arguments: entries.call.arguments, via: 'rerun', taskId });
    return undefined;
  } catch (thrown) {
    return refusedOutcome(tool, thrown);
  }
}
