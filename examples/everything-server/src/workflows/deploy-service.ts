import type { Tasks } from '@mcp-tasks/runner';
import { workflow } from '@mcp-tasks/workflow';
import { z } from 'zod';
import type { DeployTools } from './deploy-tools.ts';

/**
 * Deploy a service: the server validates and estimates, a person behind the client approves, the server deploys, and the client
 * tells the others.
 */
export function registerDeployService(tasks: Tasks, tools: DeployTools): void {
  workflow(
    tasks,
    'deploy_service',
    {
      title: 'Deploy a service',
      description: 'Deploy the service to a region, with an approval in between',
      arguments: z.object({ region: z.string().describe('Where to deploy to, such as eu-west-1') }),
      instructions: 'Never approve costs by yourself: show them to the user and wait for a yes.',
    },
    ({ args, step }) => {
      const config = step('validate_config', {
        tool: tools.validateConfig,
        arguments: { region: args.region },
        retryable: true,
      });
      const cost = step('estimate_cost', {
        tool: tools.estimateCost,
        arguments: { replicas: config.output.replicas },
        retryable: true,
      });
      const approval = step('approve', {
        client: true,
        tool: tools.approve,
        arguments: { monthlyUsd: cost.output.monthlyUsd },
      });
      const deployment = step('deploy', {
        tool: tools.deploy,
        arguments: { region: config.output.region, approved: approval.output.approved },
        retryable: true,
      });
      step('notify', {
        client: true,
        tool: tools.notify,
        arguments: { url: deployment.output.url },
        guidance: 'Tell the people who use the service in {region} where it runs now.',
      });
    },
  );
}
