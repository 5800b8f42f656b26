import type { Tasks } from '@mcp-tasks/runner';
import { workflow, type Refs } from '@mcp-tasks/workflow';
import { z } from 'zod';
import { text } from '../tools/text.ts';
import type { DeployTools } from './deploy-tools.ts';

/** What the workflow takes the report for. */
interface ExpectedReport {
  readonly url: string;
  readonly window: { readonly start: string; readonly end: string };
}

const REASONS = ['clientStep', 'unresolvableParams', 'schemaMismatch', 'toolError', 'unresolvedDependency'] as const;

/**
 * A workflow that pauses for the reason that it is given, and completes when the client has done what it asks for. Types keep an author
 * from most of these pauses; here `read_report` has no output schema, so that nobody can know what comes of it.
 */
export function registerPauseFor(tasks: Tasks, { approve, deploy, notify }: DeployTools): void {
  const readReport = tasks.tool('read_report', { description: 'Answer a report whose form is not announced' }, () => ({
    ...text('a report'),
    structuredContent: { window: { start: 9 } },
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
      const { url, window } = report.output as Refs<ExpectedReport>;
      step('use_missing_field', { tool: notify, arguments: { url }, when: only('unresolvableParams') });
      step('use_ill_formed_field', { tool: planWindow, arguments: { window }, when: only('schemaMismatch') });
      step('use_skipped_step', { tool: planWindow, arguments: { window }, when: only('unresolvedDependency') });

      step('fail_once', { tool: deploy, arguments: { region: 'flaky', approved: true }, when: only('toolError') });
      step('fail_always', { tool: deploy, arguments: { region: 'broken', approved: true }, when: only('toolError') });
    },
  );
}
