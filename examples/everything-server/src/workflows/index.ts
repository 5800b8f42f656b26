import type { Tasks } from '@mcp-tasks/runner';
import { registerApproveMany } from './approve-many.ts';
import { registerDeployService } from './deploy-service.ts';
import { registerDeployTools } from './deploy-tools.ts';
import { registerPauseFor } from './pause-for.ts';

/** Register every workflow of the server, with the tools of their steps. */
export function registerWorkflows(tasks: Tasks, options: { readonly stepMs: number }): void {
  const tools = registerDeployTools(tasks, options);
  registerDeployService(tasks, tools);
  registerPauseFor(tasks, tools);
  registerApproveMany(tasks, tools);
}
