import { setTimeout as sleep } from 'node:timers/promises';
import type { Tasks } from '@mcp-tasks/runner';
import type { CallToolResult, JsonObject } from '@mcp-tasks/wire';
import { StepError } from '@mcp-tasks/workflow';
import { z } from 'zod';
import { text } from '../tools/text.ts';

const MONTHLY_USD_PER_REPLICA = 10;

/** The part of a task that the tools need. */
interface Running {
  readonly signal: AbortSignal;
  /** There only where the tool runs as a step of a workflow. */
  readonly workflow: { readonly attempt: number } | undefined;
}

/** The tools of `deploy_service`, for the steps that call them. */
export type DeployTools = ReturnType<typeof registerDeployTools>;

/**
 * Register the tools that `deploy_service` is made of; each can also be called by itself.
 *
 * @param options.stepMs - how long those of the server's steps rest whenever they run as a step.
 */
export function registerDeployTools(tasks: Tasks, { stepMs }: { readonly stepMs: number }) {
  const rest = async ({ workflow, signal }: Running): Promise<void> => {
    if (workflow !== undefined) await sleep(stepMs, undefined, { signal });
  };

  const validateConfig = tasks.tool(
    'validate_config',
    {
      description: 'Check the configuration of a region',
      inputSchema: z.object({ region: z.string() }),
      outputSchema: z.object({ region: z.string(), replicas: z.int() }),
    },
    async ({ region }, task) => {
      await rest(task);
      return structured({ region, replicas: 3 });
    },
  );

  const estimateCost = tasks.tool(
    'estimate_cost',
    {
      description: 'Estimate what replicas cost in a month',
      inputSchema: z.object({ replicas: z.number() }),
      outputSchema: z.object({ monthlyUsd: z.number() }),
    },
    async ({ replicas }, task) => {
      await rest(task);
      return structured({ monthlyUsd: replicas * MONTHLY_USD_PER_REPLICA });
    },
  );

  const approve = tasks.tool(
    'approve',
    {
      description: 'Approve the cost of a deployment',
      inputSchema: z.object({ monthlyUsd: z.number() }),
      outputSchema: z.object({ approved: z.boolean() }),
    },
    () => structured({ approved: true }),
  );

  const deploy = tasks.tool(
    'deploy',
    {
      description: 'Deploy to a region; `flaky` fails on the first attempt of a workflow step, `broken` always',
      inputSchema: z.object({ region: z.string(), approved: z.boolean() }),
      outputSchema: z.object({ url: z.string() }),
    },
    async ({ region }, task) => {
      await rest(task);
      if (region === 'broken') throw new StepError('The region broken takes no deployments.', { retryable: false });
      if (region === 'flaky' && task.workflow?.attempt === 1) {
        throw new StepError('The region flaky did not answer. Try again.', { retryable: true });
      }
      return structured({ url: `https://${region}.example` });
    },
  );

  const notify = tasks.tool(
    'notify',
    {
      description: 'Tell people where the service runs',
      inputSchema: z.object({ url: z.string() }),
      outputSchema: z.object({ notified: z.boolean() }),
    },
    () => structured({ notified: true }),
  );

  return { validateConfig, estimateCost, approve, deploy, notify };
}

/** A structured result, and the same as text for clients that read no other. */
function structured(structuredContent: JsonObject): CallToolResult {
  return { ...text(JSON.stringify(structuredContent)), structuredContent };
}
