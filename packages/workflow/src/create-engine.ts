import type { Tasks } from '@mcp-tasks/runner';
import type { WorkflowEngine } from './workflow-engine.ts';

/** The workflows of a task layer, for who serves them. */
export function workflowEngine(tasks: Tasks): WorkflowEngine {
  throw new TypeError(`the engine of ${String(tasks.tools.size)} tools is not built yet`);
}
