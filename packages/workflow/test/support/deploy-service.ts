import type { Tasks } from '@mcp-tasks/runner';
import type { CallToolResult, JsonObject } from '@mcp-tasks/wire';
import { z } from 'zod';
import { StepError, workflow, type WorkflowOptions } from '../../src/index.ts';

/** What the tools of {@link deployService} were called with, in order. */
export interface ToolLog {
  readonly calls: { readonly tool: string; readonly arguments: JsonObject; readonly attempt: number | undefined }[];
}

function structured(content: JsonObject): CallToolResult {
  return { content: [{ type: 'text', text: JSON.stringify(content) }], structuredContent: content };
}

/** The workflow of the issue: two steps of the server, one of the client, one of the server, one of the client. */
export function deployService(tasks: Tasks, options: Partial<Omit<WorkflowOptions, 'arguments'>> = {}): ToolLog {
  const calls: ToolLog['calls'] = [];
  const log = (tool: string, args: JsonObject, attempt: number | undefined) => {
    calls.push({ tool, arguments: args, attempt });
  };
  const validateConfig = tasks.tool(
    'validate_config',
    {
      description: 'Validate the configuration of a region',
      inputSchema: z.object({ region: z.string() }),
      outputSchema: z.object({ region: z.string(), replicas: z.number() }),
    },
    ({ region }, task) => {
      log('validate_config', { region }, task.workflow?.attempt);
      return structured({ region, replicas: 3 });
    },
  );
  const estimateCost = tasks.tool(
    'estimate_cost',
    { inputSchema: z.object({ replicas: z.number() }), outputSchema: z.object({ monthlyUsd: z.number() }) },
    ({ replicas }, task) => {
      log('estimate_cost', { replicas }, task.workflow?.attempt);
      return structured({ monthlyUsd: replicas * 10 });
    },
  );
  const approve = tasks.tool(
    'approve',
    { inputSchema: z.object({ monthlyUsd: z.number() }), outputSchema: z.object({ approved: z.boolean() }) },
    () => structured({ approved: true }),
  );
  const deploy = tasks.tool(
    'deploy',
    {
      inputSchema: z.object({ region: z.string(), approved: z.boolean() }),
      outputSchema: z.object({ url: z.string() }),
    },
    ({ region, approved }, task) => {
      log('deploy', { region, approved }, task.workflow?.attempt);
      if (region === 'broken') throw new StepError(`Region ${region} is broken`, { retryable: false });
      if (region === 'flaky' && task.workflow?.attempt === 1) throw new TypeError(`Region ${region} is flaky`);
      return structured({ url: `https://${region}.example` });
    },
  );
  const notify = tasks.tool(
    'notify',
    { inputSchema: z.object({ url: z.string() }), outputSchema: z.object({ notified: z.boolean() }) },
    () => structured({ notified: true }),
  );

  workflow(
    tasks,
    'deploy_service',
    { description: 'Deploy a service to a region', arguments: z.object({ region: z.string() }), ...options },
    ({ args, step }) => {
      const config = step('validate_config', { tool: validateConfig, arguments: { region: args.region } });
      const cost = step('estimate_cost', { tool: estimateCost, arguments: { replicas: config.output.replicas } });
      const approval = step('approve', {
        client: true,
        tool: approve,
        arguments: { monthlyUsd: cost.output.monthlyUsd },
      });
      const deployment = step('deploy', {
        tool: deploy,
        retryable: true,
        arguments: { region: config.output.region, approved: approval.output.approved },
      });
      step('notify', {
        client: true,
        tool: notify,
        arguments: { url: deployment.output.url },
        guidance: { text: 'Tell the team of {region} that {url} is up.', variables: { url: deployment.output.url } },
      });
    },
  );
  return { calls };
}
