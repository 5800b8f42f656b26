import type { AuthorizeRequest } from '../api/tasks.ts';
import type { Core } from '../core/core.ts';
import type { RunHost } from '../handler/handler-host.ts';
import { refusedOutcome, type RunOutcome } from '../tool/outcome.ts';

type AuthorizedRun = Pick<RunHost, 'owner' | 'entries'>;

/** What a run wants to execute, and the task that an event about a refusal names. */
export type RunExecution = Pick<AuthorizeRequest, 'tool' | 'arguments' | 'via'> & {
  readonly taskId?: string | undefined;
};

/** Ask whether a run may execute this, for its owner and caller. Throws to refuse. */
export function authorizeRun(
  core: Core,
  { owner, entries }: AuthorizedRun,
  { taskId, ...execution }: RunExecution,
): Promise<void> | undefined {
  const { caller, trace } = entries.call;
  return core.authorize({ owner, caller, ...execution }, { taskId, trace });
}

/** The refusal of a run that must be authorized anew; it fails the task. */
export async function refusalOfRerun(
  core: Core,
  run: AuthorizedRun & Pick<RunHost, 'tool' | 'taskId'>,
): Promise<RunOutcome | undefined> {
  const { tool, taskId, entries } = run;
  try {
    await authorizeRun(core, run, { tool: tool.name, arguments: entries.call.arguments, via: 'rerun', taskId });
    return undefined;
  } catch (thrown) {
    return refusedOutcome(tool, thrown);
  }
}
