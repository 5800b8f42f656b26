import type { Tasks } from '@mcp-tasks/runner';
import { amendTask, toJson } from '@mcp-tasks/runner/engine';
import { TaskError, type TaskHead } from '@mcp-tasks/store';
import { oversizeError, oversizeOf, rules } from '@mcp-tasks/store/rules';
import { type CallToolResult, WORKFLOW_META_KEY } from '@mcp-tasks/wire';
import { WORKFLOW_ENTRY_KINDS } from '../plan/entry-kinds.ts';
import { stateNow, workflowTaskOf } from './workflow-task.ts';

/** A result that a client supplies for its task. */
export interface SuppliedResult {
  readonly owner: string;
  readonly taskId: string;
  readonly result: CallToolResult;
}

/** End a task with a result that the client supplies, marked as such, unless the server is at a step. */
export async function completeByClient(tasks: Tasks, { owner, taskId, result }: SuppliedResult): Promise<TaskHead> {
  const { maxResultBytes, keepResultMs } = tasks.limits;
  const marked: CallToolResult = {
    ...result,
    _meta: { ...result._meta, [WORKFLOW_META_KEY]: { suppliedBy: 'client' } },
  };
  const json = toJson(marked, 'The result') ?? '';
  const size = oversizeOf(json, maxResultBytes);
  if (size !== undefined) throw oversizeError('RESULT_TOO_LARGE', 'The result', size);
  const { head } = await amendTask<undefined>(
    tasks,
    { owner, taskId, kinds: WORKFLOW_ENTRY_KINDS },
    (record, nowMs) => {
      const task = workflowTaskOf(tasks, record);
      const running = stateNow(task).state.plan.steps.find(({ status }) => status === 'running');
      if (running !== undefined) return { kind: 'refused', error: stillRunning(taskId, running.name) };
      const completion = { result: marked, json, keepResultMs: task.definition.keepResultMs ?? keepResultMs };
      const verdict = rules.outcome({ completion })(record.head, nowMs);
      return verdict.kind === 'refused' ? verdict : { ...verdict, value: undefined };
    },
  );
  return head;
}

function stillRunning(taskId: string, step: string): TaskError {
  return new TaskError(
    'TASK_INVALID_TRANSITION',
    `Task ${taskId} cannot be completed by its client now: step "${step}" is running. Try again when it has ended.`,
    { details: { taskId, step } },
  );
}
