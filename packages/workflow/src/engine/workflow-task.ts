import type { Tasks } from '@mcp-tasks/runner';
import { formatIssues, parseWith, sentence } from '@mcp-tasks/runner/engine';
import { TaskError, type TaskRecord } from '@mcp-tasks/store';
import { taskNotFound } from '@mcp-tasks/store/rules';
import type { JsonObject } from '@mcp-tasks/wire';
import type { WorkflowDefinition } from '../definition/definition.ts';
import { definitionsOf } from '../definition/registered.ts';
import { WORKFLOW_ENTRY_KINDS } from '../plan/entry-kinds.ts';
import type { WorkflowNow } from '../plan/resolve.ts';
import { rebase, settle } from '../plan/settle.ts';
import { callArguments, hasPlan, initialPlan, readState, withPlan } from '../plan/state.ts';
import { asJson } from './companion.ts';

/** A task of a workflow, as it was read. */
export interface WorkflowTask {
  readonly definition: WorkflowDefinition;
  readonly record: TaskRecord;
  /** The prompt arguments as their schema parsed them, for a record that has no plan yet. */
  readonly arguments: JsonObject;
}

/** Read an owner's task. @throws {TaskError} TASK_NOT_FOUND - also for a task that does not belong to a workflow. */
export async function readWorkflowTask(tasks: Tasks, owner: string, taskId: string): Promise<WorkflowTask> {
  const record = await tasks.for(owner).get(taskId, WORKFLOW_ENTRY_KINDS);
  const task = workflowTaskOf(tasks, record);
  if (hasPlan(record)) return task;
  return { ...task, arguments: await parsedArguments(task.definition, callArguments(record)) };
}

/** The workflow's task that a record is. @throws {TaskError} TASK_NOT_FOUND - it is none. */
export function workflowTaskOf(tasks: Tasks, record: TaskRecord): WorkflowTask {
  const definition = definitionsOf(tasks).get(record.head.handler);
  if (definition?.workflow.durable !== true) throw taskNotFound();
  return { definition, record, arguments: hasPlan(record) ? {} : parsedAtOnce(definition, callArguments(record)) };
}

/** How far a task is, under the present definition. A plan that no longer fits it is shown as far as it does. */
export function stateNow({ definition, record, arguments: args }: WorkflowTask): WorkflowNow {
  const stored = readState(record, () => initialPlan(definition, args));
  const { plan } = rebase(definition, stored.plan);
  const state = plan === undefined ? stored : withPlan(stored, plan);
  return { definition, state: settle({ definition, state }) };
}

/** Whether the present definition still has every step that the task has begun; a run of one that it has not fails. */
export function isFollowable({ definition, record, arguments: args }: WorkflowTask): boolean {
  const { plan } = readState(record, () => initialPlan(definition, args));
  return rebase(definition, plan).missing === undefined;
}

/** @throws {TaskError} INVALID_ARGUMENTS - they do not fit the workflow's schema. */
export async function parsedArguments({ workflow }: WorkflowDefinition, args: JsonObject): Promise<JsonObject> {
  if (workflow.argumentsSchema === undefined) return {};
  const parsed = await parseWith(workflow.argumentsSchema, args);
  if (parsed.issues === undefined) return asJson(parsed.value);
  throw new TaskError(
    'INVALID_ARGUMENTS',
    sentence(`Invalid arguments for workflow "${workflow.name}": ${formatIssues(parsed.issues)}`),
    { details: { workflow: workflow.name } },
  );
}

/** As the schema parses them, if it does so at once; else as they were sent. */
function parsedAtOnce({ workflow }: WorkflowDefinition, args: JsonObject): JsonObject {
  const outcome = workflow.argumentsSchema?.['~standard'].validate(args) ?? { value: {} };
  if (!(outcome instanceof Promise)) return outcome.issues === undefined ? asJson(outcome.value) : args;
  outcome.catch(() => undefined);
  return args;
}
