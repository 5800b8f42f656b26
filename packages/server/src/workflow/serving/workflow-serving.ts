import type { TaskHead } from '@mcp-tasks/store';
import { WORKFLOW_META_KEY, type WorkflowMeta } from '@mcp-tasks/wire';
import {
  type HandOffOptions,
  type Workflow,
  type WorkflowEngine,
  workflowEngine,
  workflowsOf,
} from '@mcp-tasks/workflow/serving';
import { declaresTasksExtension } from '../../request/client-capabilities.ts';
import type { TaskHost } from '../../request/task-host.ts';
import type { TaskRequest } from '../../request/task-request.ts';
import { type WorkflowSettings, workflowSettings } from '../../request/workflow-options.ts';

/** The workflows of a task layer and how they are served. */
export interface WorkflowServing {
  readonly host: TaskHost;
  readonly engine: WorkflowEngine;
  /** By name, as they were when the server was attached. */
  readonly workflows: ReadonlyMap<string, Workflow>;
  readonly settings: WorkflowSettings;
  readonly handOff: HandOffOptions;
}

/**
 * Serve the workflows that a host has by now; undefined when it has none.
 *
 * @throws {TypeError} `workflows.continueTool` is the name of another tool.
 */
export function workflowServing(host: TaskHost): WorkflowServing | undefined {
  const workflows = new Map(workflowsOf(host.tasks));
  if (workflows.size === 0) return undefined;
  const settings = workflowSettings(host.options.workflows);
  const hasTasks = [...workflows.values()].some(({ durable }) => durable);
  const continueTool = hasTasks ? settings.continueTool : undefined;
  if (continueTool !== undefined && host.tasks.tools.has(continueTool)) {
    throw new TypeError(`workflows.continueTool must be the name of no other tool: "${continueTool}" is one.`);
  }
  return {
    host,
    engine: workflowEngine(host.tasks),
    workflows,
    settings: { ...settings, continueTool },
    handOff: { continueTool },
  };
}

/** Tell whether a task is one of a workflow that is served here. */
export function isWorkflowTask(serving: WorkflowServing | undefined, head: TaskHead): serving is WorkflowServing {
  return serving?.workflows.has(head.handler) === true;
}

/** Tell whether what this caller starts of a workflow becomes a task. */
export function becomesTask(workflow: Workflow, { owner }: TaskRequest): boolean {
  return workflow.durable && owner.kind !== 'refused';
}

/** A client that cannot poll is told so: it gets the run and continues it, but no other method shows it the task. */
export function isUnableToPoll({ generation, clientCapabilities }: TaskRequest): boolean {
  return generation === '2026-07-28' && !declaresTasksExtension(clientCapabilities);
}

/** `_meta` of an answer, with the state of a workflow task or the reason why there is none. */
export interface WorkflowAnswerMeta {
  readonly [WORKFLOW_META_KEY]: WorkflowMeta | { readonly warning: string };
}

/** `_meta` of the answer to this request. */
export function workflowAnswerMeta(
  request: TaskRequest,
  meta: WorkflowMeta | { readonly warning: string },
): WorkflowAnswerMeta {
  const isShown = 'taskId' in meta && isUnableToPoll(request);
  return { [WORKFLOW_META_KEY]: isShown ? { ...meta, pollable: false } : meta };
}
