import { createTasks, type Tasks } from '@mcp-tasks/runner';
import type { JsonObject } from '@mcp-tasks/wire';
import { workflow } from '@mcp-tasks/workflow';
import { describe, expect, it, onTestFinished } from 'vitest';
import { connectTestClient } from '../../src/testing.ts';

/** A workflow of one step of the server, which goes on until it is let go. */
function slowWorkflow(): { readonly tasks: Tasks; readonly release: () => void } {
  const tasks = createTasks();
  onTestFinished(() => tasks.close({ drainMs: 0 }));
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const step = tasks.tool('slow_step', {}, async () => {
    await released;
    return { content: [{ type: 'text', text: 'THE RESULT' }] };
  });
  workflow(tasks, 'slow', { description: 'Slow' }, (plan) => {
    plan.step('work', { tool: step });
  });
  return { tasks, release };
}

const said = ({ content }: { readonly content?: unknown }) =>
  (content as { readonly text: string }[]).map(({ text }) => text).join('\n');
/** What a model reads out of a text, and nothing else: the call by which it comes back. */
const callIn = (text: string) => {
  const [, name = '', args = ''] = /call (\w+) with (\{[^}]*\})/.exec(text) ?? [];
  return { name, arguments: JSON.parse(args || '{}') as JsonObject };
};

describe('a model that is told to wait for a workflow', () => {
  // A client without tasks, of either generation: its model reads texts alone.
  it.each(['2025-11-25', '2026-07-28'] as const)('can come back by text alone, in %s', async (generation) => {
    const { tasks, release } = slowWorkflow();
    const client = await connectTestClient(tasks, {
      generation,
      capabilities: {},
      workflows: { handOffWaitMs: 0 },
    });
    const first = await client.request('tools/call', { name: 'slow', arguments: {} });
    const back = callIn(said(first));
    expect(back.name).toBe('continue_workflow');
    const still = await client.request('tools/call', { ...back });
    expect(still['isError']).toBeUndefined();
    expect(callIn(said(still))).toEqual(back);
    release();
    await expect.poll(async () => said(await client.request('tools/call', { ...back }))).toContain('THE RESULT');
    await client.close();
  });

  it.each(['2025-11-25', '2026-07-28'] as const)(
    'gets the outcome of the step that it waits for, in %s',
    async (generation) => {
      const { tasks, release } = slowWorkflow();
      const told = await connectTestClient(tasks, { generation, capabilities: {}, workflows: { handOffWaitMs: 0 } });
      const prompt = await told.request('prompts/get', { name: 'slow' });
      const messages = prompt['messages'] as { readonly content: { readonly text: string } }[];
      const back = callIn(messages.at(-1)?.content.text ?? '');
      const waiting = await connectTestClient(tasks, { generation, capabilities: {} });
      const answer = waiting.request('tools/call', { ...back });
      release();
      expect(said(await answer)).toContain('THE RESULT');
      await told.close();
      await waiting.close();
    },
  );

  it('is named no tool where there is none', async () => {
    const { tasks, release } = slowWorkflow();
    const client = await connectTestClient(tasks, {
      generation: '2025-11-25',
      workflows: { handOffWaitMs: 0, continueTool: false },
    });
    const first = await client.request('tools/call', { name: 'slow', arguments: {} });
    expect(said(first)).not.toMatch(/continue_workflow|taskId/);
    release();
    await client.close();
  });
});
