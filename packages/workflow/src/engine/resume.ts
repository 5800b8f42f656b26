import type { Tasks } from '@mcp-tasks/runner';
import { amendTask } from '@mcp-tasks/runner/engine';
import { TaskError, type TaskHead } from '@mcp-tasks/store';
import { rules, taskNotFound } from '@mcp-tasks/store/rules';
import { isTerminalStatus, type JsonObject } from '@mcp-tasks/wire';
import { deepEqual } from '../plan/deep-equal.ts';
import { WORKFLOW_ENTRY_KINDS } from '../plan/entry-kinds.ts';
import { nextReady } from '../plan/standing.ts';
import { callArguments } from '../plan/state.ts';
import { isFollowable, parsedArguments, readWorkflowTask, stateNow } from './workflow-task.ts';

/** A prompt that was called again with the id of its task. */
export interface Resumption {
  readonly owner: string;
  readonly taskId: string;
  readonly workflow: string;
  /** `undefined`, or none at all, as of a form that was left empty: not sent again. */
  readonly arguments: JsonObject | undefined;
}

/**
 * Let a task go on if a run finds something to do. Normally none does, since who made a step ready woke the task; after
 * a change of the definition it may, be it to fail because a step is gone.
 */
export async function resume(
  tasks: Tasks,
  { owner, taskId, workflow, arguments: args }: Resumption,
): Promise<TaskHead> {
  const task = await readWorkflowTask(tasks, owner, taskId);
  if (task.definition.workflow.name !== workflow) throw taskNotFound();
  if (args !== undefined && Object.keys(args).length > 0) {
    const stored = callArguments(task.record);
    const isSame = deepEqual(args, stored) || deepEqual(await parsed(args), await parsed(stored));
    if (!isSame) throw otherArguments(workflow, args, stored);
  }
  const { head } = await amendTask<undefined>(
    tasks,
    { owner, taskId, kinds: WORKFLOW_ENTRY_KINDS },
    (record, nowMs) => {
      const isParked = record.head.dueAtMs === null && !isTerminalStatus(record.head.status);
      const now = { ...task, record };
      const hasWork = nextReady(stateNow(now)) !== undefined || !isFollowable(now);
      if (!isParked || !hasWork) return { kind: 'done', value: undefined };
      const verdict = rules.outcome({ wakes: true })(record.head, nowMs);
      return verdict.kind === 'refused' ? verdict : { ...verdict, value: undefined };
    },
  );
  return head;

  function parsed(sent: JsonObject): Promise<JsonObject> {
    return parsedArguments(task.definition, sent);
  }
}

function otherArguments(workflow: string, args: JsonObject, stored: JsonObject): TaskError {
  const names = [...new Set([...Object.keys(stored), ...Object.keys(args)])].filter(
    (name) => !deepEqual(args[name], stored[name]),
  );
  return new TaskError(
    'INVALID_ARGUMENTS',
    `A task of workflow "${workflow}" keeps the arguments that it was begun with: leave out ${names.map((name) => `"${name}"`).join(', ')}, or begin a new task.`,
    { details: { workflow, arguments: names } },
  );
}
