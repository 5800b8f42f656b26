import type { Tasks } from '@mcp-tasks/runner';
import { checkTasksCopy } from '@mcp-tasks/runner/engine';
import type { Workflow } from '../api/workflow-engine.ts';
import type { WorkflowDefinition } from './definition.ts';

const DEFINITIONS = new WeakMap<Tasks, Map<string, WorkflowDefinition>>();

/** The definitions that were registered with a task layer, by name. @throws {TaskError} COPIES_MIXED */
export function definitionsOf(tasks: Tasks): ReadonlyMap<string, WorkflowDefinition> {
  const definitions = DEFINITIONS.get(tasks);
  if (definitions !== undefined) return definitions;
  checkTasksCopy(tasks);
  return new Map();
}

/** Make a definition known. */
export function register(tasks: Tasks, definition: WorkflowDefinition): void {
  const definitions = DEFINITIONS.get(tasks) ?? new Map<string, WorkflowDefinition>();
  definitions.set(definition.workflow.name, definition);
  DEFINITIONS.set(tasks, definitions);
}

/** The workflows that were registered with a task layer, by name, in order. @throws {TaskError} COPIES_MIXED */
export function workflowsOf(tasks: Tasks): ReadonlyMap<string, Workflow> {
  return new Map([...definitionsOf(tasks)].map(([name, { workflow }]) => [name, workflow]));
}
