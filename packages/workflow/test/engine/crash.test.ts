import type { Tasks } from '@mcp-tasks/runner';
import type { TaskHead } from '@mcp-tasks/store';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { readWorkflowTask } from '../../src/engine/workflow-task.ts';
import { workflow } from '../../src/index.ts';
import { client, gate, isWaiting, OWNER, statuses, text } from '../support/layer.ts';
import { LEASE_MS, processes } from '../support/processes.ts';

/** Three steps, of which the second hangs in the process `first`. */
function threeSteps(
  tasks: Tasks,
  process: string,
  log: string[],
  options: { retryable: boolean; hang: Promise<void> },
) {
  const tool = tasks.tool('tool', { inputSchema: z.object({ name: z.string() }) }, async ({ name }, task) => {
    const inner = await task.step('inner', () => log.push(`${process} inner ${name}`) > 0);
    log.push(`${process} ${name} ${task.workflow?.attempt ?? 0} ${String(inner)}`);
    if (process === 'first' && name === 'two') await options.hang;
    return text(name);
  });
  workflow(tasks, 'w', { description: 'd' }, ({ step }) => {
    const one = step('one', { tool, arguments: { name: 'one' } });
    const two = step('two', { tool, arguments: { name: 'two' }, retryable: options.retryable, after: [one] });
    step('three', { tool, arguments: { name: 'three' }, after: [two] });
  });
}

async function crashed(retryable: boolean) {
  const { clock, make } = processes();
  const log: string[] = [];
  const stuck = gate();
  const [first, second] = [make(), make()];
  threeSteps(first.tasks, 'first', log, { retryable, hang: stuck.opened });
  threeSteps(second.tasks, 'second', log, { retryable, hang: stuck.opened });
  await second.tasks.start();
  const head: TaskHead = await client(first.tasks).begin('w');
  await clock.advance(100);
  const before = await client(second.tasks).view(head.taskId);
  first.crash();
  await clock.advance(LEASE_MS + 1_250);
  const close = async () => {
    stuck.open();
    await clock.advance(0);
    await second.tasks.close({ drainMs: 0 });
  };
  return { before, head, log, second: second.tasks, clock, release: stuck.open, close };
}

describe('a workflow whose process died in a step', () => {
  it('[EXEC-01] has every outcome before it, and the step that was running, in the store', async () => {
    const { before, close } = await crashed(true);
    expect(statuses(before)).toBe('completed running pending');
    expect(before.head.statusMessage).toBe("Step 'two' is running (2 of 3).");
    await close();
  });

  it('runs a retryable step again, once, as its next attempt; finished steps and checkpoints are kept', async () => {
    const { head, log, second, close } = await crashed(true);
    const ended = await second.for(OWNER).waitFor(head.taskId, ({ status }) => status === 'completed', {
      signal: AbortSignal.timeout(10_000),
    });
    expect(ended).toMatchObject({ attempt: 2, crashCount: 0 });
    expect(log).toEqual([
      'first inner one',
      'first one 1 true',
      'first inner two',
      'first two 1 true',
      'second two 2 true',
      'second inner three',
      'second three 1 true',
    ]);
    await close();
  });

  it('leaves any other to the client, which has to find out what came of it, and may say so', async () => {
    const { head, log, second, clock, close } = await crashed(false);
    const { view, record } = client(second);
    const paused = await view(head.taskId);
    expect(statuses(paused)).toBe('completed failed pending');
    expect(isWaiting(await readWorkflowTask(second, OWNER, head.taskId))).toBe(true);
    expect(paused.meta.pause).toMatchObject({ type: 'toolError', failedStep: 'two', retryable: false });
    expect(paused.handOff).toMatch(/may or may not have taken effect/);
    expect(paused.meta.remaining[0]).toMatchObject({ step: 'two', tool: 'tool', arguments: { name: 'two' } });
    await record(head.taskId, { step: 'two' }, {});
    await clock.advance(100);
    expect((await view(head.taskId)).head.status).toBe('completed');
    expect(log.filter((line) => line.includes(' two '))).toEqual(['first two 1 true']);
    await close();
  });

  it('cannot change anything any more, whatever its step comes to later', async () => {
    const { head, log, second, clock, release, close } = await crashed(true);
    const { view } = client(second);
    const before = await view(head.taskId);
    expect(before.head.status).toBe('completed');
    release();
    await clock.advance(LEASE_MS);
    expect((await view(head.taskId)).head.version).toBe(before.head.version);
    expect(log.filter((line) => line.startsWith('first'))).toHaveLength(4);
    await close();
  });
});
