import { isTerminalStatus } from '@mcp-tasks/wire';
import { type TaskLayer, tell } from '../core/task-layer.ts';
import type { HandlerHost } from '../handler/handler-host.ts';
import type { RunSignal } from '../handler/run-end.ts';
import { guardedRule } from '../write/guarded-rule.ts';
import type { WriteQueue } from '../write/write-queue.ts';
import { authorizeRun } from './authorize-run.ts';
import type { RunStart } from './begin-run.ts';
import { mayRerun } from './finish-run.ts';
import type { RunTime } from './run-time.ts';
import type { RunQuestions } from './stored-questions.ts';

/** The host that a run that stores gives its handler. */
export interface StoredHostParts {
  readonly queue: WriteQueue;
  readonly questions: RunQuestions;
  readonly runTime: RunTime;
  readonly signal: RunSignal;
}

/** The host of a handler whose run stores. */
export function storedHost(layer: TaskLayer, start: RunStart, parts: StoredHostParts): HandlerHost {
  const { tool, head, lease, entries, parsedArguments } = start;
  const { queue, questions, runTime, signal } = parts;
  const { taskId, attempt } = lease;
  const host: HandlerHost = {
    layer,
    tool,
    lease,
    taskId,
    attempt,
    owner: head.owner,
    inline: false,
    canPark: mayRerun(tool),
    workflow: undefined,
    entries,
    effects: queue,
    questions,
    parsedArguments,
    progressDone: head.progress?.done ?? -Infinity,
    get signal() {
      return signal.signal;
    },
    get ended() {
      return queue.ended;
    },
    amend: async (kinds, rule) => {
      const { head: present, value, wrote } = await queue.amend(kinds, guardedRule(rule));
      if (wrote && isTerminalStatus(present.status)) {
        const isError = present.toolError !== undefined;
        tell(layer, present, entries.call.trace, { type: 'settled', status: present.status, isError });
      }
      return value();
    },
    authorizeStep: (name, args) => authorizeRun(layer, host, { tool: name, arguments: args, via: 'step', taskId }),
    caughtUp: () => layer.caughtUp(signal.signal),
    stepBegan: () => runTime.stepBegan(),
  };
  return host;
}
