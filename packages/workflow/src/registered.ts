import type { Tasks } from '@mcp-tasks/runner';
import type { Workflow } from './workflow-engine.ts';

const WORKFLOWS = new WeakMap<Tasks, Map<string, Workflow>>();

/** The workflows that were registered with a task layer, by name, in order. */
export function workflowsOf(tasks: Tasks): ReadonlyMap<string, Workflow> {
  return WORKFLOWS.get(tasks) ?? new Map<string, Workflow>();
}
