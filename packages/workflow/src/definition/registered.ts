import type { Tasks } from '@mcp-tasks/runner';
import type { Workflow } from '../api/workflow-engine.ts';
import type { WorkflowDefinition } from './definition.ts';

const DEFINITIONS = new WeakMap<Tasks, Map<string, WorkflowDefinition>>();

/** The definitions that were registered with a task layer, by name. */
export function definitionsOf(tasks: Tasks): ReadonlyMap<string, WorkflowDefinition> {
  return DEFINITIONS.get(tasks) ?? new Map<string, WorkflowDefinition>();
}

/** Make a definition known. */
export function register(tasks: Tasks, definition: WorkflowDefinition): void {
  const definitions = DEFINITIONS.get(tasks) ?? new Map<string, WorkflowDefinition>();
  definitions.set(definition.workflow.name, definition);
  DEFINITIONS.set(tasks, definitions);
}

/** The workflows that were registered with a task layer, by name, in order. */
export function workflowsOf(tasks: Tasks): ReadonlyMap<string, Workflow> {
  return new Map([...definitionsOf(tasks)].map(([name, { workflow }]) => [name, workflow]));
}
