import type { Tasks } from '@mcp-tasks/runner';
import { workflow } from '@mcp-tasks/workflow';
import { z } from 'zod';
import { text } from '../tools/text.ts';
import type { DeployTools } from './deploy-tools.ts';

const REASONS = ['clientStep', 'unresolvableParams', 'schemaMismatch', 'toolError', 'unresolvedDependency'] as const;

/**
 * A workflow that pauses for the reason that it is given, and completes when the client has done what it asks for. Types keep an author
 * from most of these pauses; here `read_report` has no output schema, and what it comes to fits anywhere until it is used.
 */
export function registerPauseFor(tasks: Tasks, { approve, deploy, notify }: DeployTools): void {
  const readReport = tasks.tool('read_report', { description: 'Answer a report whose form is not announced' }, () => ({
    ...text('a report'),
    structuredContent: { start: 9 },
  }));
  const planWindow = tasks.tool(
    'plan_window',
    {
      description: 'Plan a window of time',
      inputSchema: z.object({ window: z.object({ start: z.string(), end: z.string() }) }),
      outputSchema: z.object({ planned: z.boolean() }),
    },
    () => ({ ...text('planned'), structuredContent: { planned: true } }),
  );

  workflow(
    tasks,
    'pause_for',
    {
      title: 'Pause for a reason',
      description: 'Pause for one of the reasons that a workflow can have, until the client helps',
      arguments: z.object({ reason: z.enum(REASONS) }),
    },
    ({ args, step }) => {
      const only = (reason: (typeof REASONS)[number]) => ({ value: args.reason, is: reason });

      step('ask_client', {
        client: true,
        tool: approve,
        arguments: { monthlyUsd: 30 },
        guidance: 'Only the client can do this.',
        when: only('clientStep'),
      });

      const report = step('read_report', {
        tool: readReport,
        when: { value: args.reason, isNot: 'unresolvedDependency' },
      });
      step('use_missing_variable', {
        tool: notify,
        arguments: { url: report.variable('url') },
        when: only('unresolvableParams'),
      });
      step('use_ill_formed_output', {
        tool: planWindow,
        arguments: { window: report.output },
        when: only('schemaMismatch'),
      });
      step('use_skipped_step', {
        tool: planWindow,
        arguments: { window: report.output },
        when: only('unresolvedDependency'),
      });

      step('fail_once', { tool: deploy, arguments: { region: 'flaky', approved: true }, when: only('toolError') });
      step('fail_always', { tool: deploy, arguments: { region: 'broken', approved: true }, when: only('toolError') });
    },
  );
}
