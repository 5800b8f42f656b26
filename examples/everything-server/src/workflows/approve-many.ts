import type { Tasks } from '@mcp-tasks/runner';
import { workflow } from '@mcp-tasks/workflow';
import type { DeployTools } from './deploy-tools.ts';

const APPROVALS = 20;

/** Steps of one tool that the client may do in any order, and all at once: their arguments tell them apart. */
export function registerApproveMany(tasks: Tasks, { approve }: DeployTools): void {
  workflow(
    tasks,
    'approve_many',
    { title: 'Approve many costs', description: `Collect ${APPROVALS} approvals, in any order` },
    ({ step }) => {
      for (let monthlyUsd = 1; monthlyUsd <= APPROVALS; monthlyUsd += 1) {
        step(`approve_${monthlyUsd}`, { client: true, tool: approve, arguments: { monthlyUsd } });
      }
    },
  );
}
