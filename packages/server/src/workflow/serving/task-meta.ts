import type { OwnerTasks } from '@mcp-tasks/runner';
import { type TaskEntryKind, TaskError, type TaskRecord } from '@mcp-tasks/store';
import type { WorkflowMeta } from '@mcp-tasks/wire';
import { WORKFLOW_ENTRY_KINDS } from '@mcp-tasks/workflow/serving';
import type { TaskRequest } from '../../request/task-request.ts';
import {
  isWorkflowTask,
  type WorkflowAnswerMeta,
  workflowAnswerMeta,
  type WorkflowServing,
} from './workflow-serving.ts';

/** A task as `tasks/get` shows it. */
export interface ShownTask {
  readonly record: TaskRecord;
  /** Make the part of `_meta` about the workflow; undefined for other tasks. */
  readonly workflowMeta: WorkflowAnswerMeta | undefined;
}

/** Who asks, and what is served. */
interface Reader {
  readonly tasks: OwnerTasks;
  readonly workflows: WorkflowServing | undefined;
  readonly request: TaskRequest;
}

/**
 * Read a task with entries of these kinds, and how far its workflow is if it is the task of one. Only such a task is
 * read a second time, for what its steps came to.
 *
 * @throws {TaskError} as `OwnerTasks.get`
 */
export async function readShownTask(
  { tasks, workflows, request }: Reader,
  taskId: string,
  kinds: readonly TaskEntryKind[],
): Promise<ShownTask> {
  const record = await tasks.get(taskId, kinds);
  if (!isWorkflowTask(workflows, record.head)) return { record, workflowMeta: undefined };
  const whole = await tasks.get(taskId, [...new Set([...kinds, ...WORKFLOW_ENTRY_KINDS])]);
  return { record: whole, workflowMeta: workflowAnswerMeta(request, stateOf(workflows, whole)) };
}

/** A plan that this process cannot read must not hide the task from its client. */
function stateOf(
  { engine, handOff }: WorkflowServing,
  record: TaskRecord,
): WorkflowMeta | { readonly warning: string } {
  try {
    return engine.viewOf(record, handOff).meta;
  } catch (error) {
    if (TaskError.is(error, 'WORKFLOW_INCOMPATIBLE')) return { warning: error.message };
    throw error;
  }
}

/** The answer with what `_meta` says of the workflow. */
export function withWorkflowMeta<Answer extends { readonly _meta?: object | undefined }>(
  answer: Answer,
  workflowMeta: WorkflowAnswerMeta | undefined,
): Answer {
  return workflowMeta === undefined ? answer : { ...answer, _meta: { ...answer._meta, ...workflowMeta } };
}
