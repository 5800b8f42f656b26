import { describe, expect, it } from 'vitest';
import type { Params } from './raw-client.ts';
import { callFor, getPrompt, pollWorkflow, TALKS } from './workflow-talk.ts';

/** Each reason: what the workflow says of it, and the calls that help. */
const ROWS: readonly {
  readonly reason: string;
  readonly pause: Params;
  readonly help: readonly (readonly [step: string, tool: string, args: Params])[];
}[] = [
  {
    reason: 'clientStep',
    pause: { type: 'clientStep', blockedStep: 'ask_client', suggestedTool: 'approve' },
    help: [['ask_client', 'approve', { monthlyUsd: 30 }]],
  },
  {
    reason: 'unresolvableParams',
    pause: {
      type: 'unresolvableParams',
      blockedStep: 'use_missing_variable',
      missingParam: 'url',
      source: 'variable url of step read_report',
      cause: expect.stringContaining('url'),
      suggestedTool: 'notify',
    },
    help: [['use_missing_variable', 'notify', { url: 'https://eu.example' }]],
  },
  {
    reason: 'schemaMismatch',
    pause: {
      type: 'schemaMismatch',
      blockedStep: 'use_ill_formed_output',
      missingFields: ['window.end'],
      illTypedFields: [{ field: 'window.start', problem: expect.any(String) as string }],
      suggestedTool: 'plan_window',
    },
    help: [['use_ill_formed_output', 'plan_window', { window: { start: '09:00', end: '10:00' } }]],
  },
  {
    reason: 'toolError',
    pause: {
      type: 'toolError',
      failedStep: 'fail_once',
      error: expect.stringContaining('flaky'),
      retryable: true,
      suggestedTool: 'deploy',
    },
    help: [
      ['fail_once', 'deploy', { region: 'flaky', approved: true }],
      ['fail_always', 'deploy', { region: 'eu', approved: true }],
    ],
  },
  {
    reason: 'unresolvedDependency',
    pause: {
      type: 'unresolvedDependency',
      blockedStep: 'use_skipped_step',
      missingOutput: 'output of step read_report',
      producingStep: 'read_report',
      suggestedTool: 'read_report',
    },
    help: [['use_skipped_step', 'plan_window', { window: { start: '09:00', end: '10:00' } }]],
  },
];

describe.each(TALKS)('pause_for, $title', ({ open }) => {
  it.each(ROWS)(
    '[PAUS-01][HAND-02] pauses for $reason, says so in text and _meta, and completes when it is helped',
    async (row) => {
      const talk = await open();
      const { meta, handOff } = await getPrompt(talk, 'pause_for', { reason: row.reason });
      const { taskId } = meta;
      expect(meta.status).toBe('working');
      expect(meta.pause).toEqual(row.pause);
      expect(meta.remaining.map(({ step }) => step)).toEqual(row.help.map(([step]) => step));
      expect(meta.remaining[0]?.pause).toEqual(row.pause);
      for (const [step, tool, args] of row.help) {
        expect(handOff).toContain(`'${step}'`);
        const { meta: recorded } = await callFor(talk, { taskId, step }, tool, args);
        expect(recorded.matchedStep).toBe(step);
      }
      await pollWorkflow(talk, taskId, ({ status }) => status === 'completed');
    },
  );

  it('[PAUS-01] tells an error that will not go away by repeating from one that may', async () => {
    const talk = await open();
    const { meta } = await getPrompt(talk, 'pause_for', { reason: 'toolError' });
    expect(meta.remaining).toMatchObject([
      { step: 'fail_once', pause: { retryable: true } },
      { step: 'fail_always', pause: { retryable: false } },
    ]);
  });
});
