import { cutUtf8 } from '@mcp-tasks/store/rules';
import type { TaskContext } from '../api/task-context.ts';
import type { EffectWatch } from './effect-watch.ts';
import type { HandlerHost } from './handler-host.ts';

type ReportMethod = 'progress' | 'status';

/** The arguments of a report and their types, in order. The first must be given. */
const ARGUMENTS: Readonly<Record<ReportMethod, readonly (readonly [name: string, type: string])[]>> = {
  progress: [
    ['done', 'number'],
    ['total', 'number'],
    ['message', 'string'],
  ],
  status: [['message', 'string']],
};

/**
 * Progress and status of one run. They are called from timers and events, where an error would end the process, so they
 * never throw: a late report is dropped, a wrong one too and told.
 */
export function taskReports(host: HandlerHost, watch: EffectWatch): Pick<TaskContext, ReportMethod> {
  const cut = (message: string) => cutUtf8(message, host.layer.limits.maxStatusMessageBytes);
  let latest = host.progressDone;
  const isDropped = (method: ReportMethod, given: readonly unknown[]): boolean => {
    if (host.ended !== undefined) return true;
    const problem = argumentProblem(method, given);
    if (problem !== undefined) watch.refuse(method, problem);
    return problem !== undefined;
  };
  return {
    progress: (done, total, message) => {
      if (isDropped('progress', [done, total, message])) return;
      // Reports that do not grow are dropped: the protocol wants progress to increase.
      if (!Number.isFinite(done) || done <= latest) return;
      latest = done;
      const shown = message === undefined ? {} : { message: cut(message) };
      const progress = { done, ...(Number.isFinite(total) && { total }), ...shown };
      host.effects.report({ progress, ...(message !== undefined && { statusMessage: cut(message) }) });
    },
    status: (message) => {
      if (!isDropped('status', [message])) host.effects.report({ statusMessage: cut(message) });
    },
  };
}

function argumentProblem(method: ReportMethod, given: readonly unknown[]): string | undefined {
  for (const [at, [name, type]] of ARGUMENTS[method].entries()) {
    const value = given[at];
    if (typeof value === type || (at > 0 && value === undefined)) continue;
    return `${name} must be a ${type}, not ${value === null ? 'null' : typeof value}`;
  }
  return undefined;
}
