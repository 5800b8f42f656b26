import type { Tasks } from '@mcp-tasks/runner';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { workflow } from '../../src/index.ts';
import { client, layer, OWNER, remaining, statuses, text } from '../support/layer.ts';
import { processes } from '../support/processes.ts';

function asking(tasks: Tasks, log: unknown[] = []): void {
  const price = tasks.tool('price', { outputSchema: z.object({ usd: z.number() }) }, () => ({
    content: [],
    structuredContent: { usd: 30 },
  }));
  const order = tasks.tool('order', { inputSchema: z.object({ count: z.number() }) }, ({ count }) => {
    log.push(count);
    return text('ordered');
  });
  workflow(tasks, 'w', { description: 'd' }, ({ step }) => {
    const cost = step('cost', { tool: price });
    const approval = step('approval', {
      client: true,
      elicit: {
        message: { text: 'How many at {usd} USD?', variables: { usd: cost.output.usd } },
        schema: z.object({ count: z.number().refine((count) => count !== 13, 'not thirteen') }),
      },
    });
    step('order', { tool: order, arguments: { count: approval.output.count } });
  });
}

describe('a step that asks the person', () => {
  it('opens a question when what it needs is there; the answer is its output, and the workflow goes on', async () => {
    const tasks = layer();
    const log: unknown[] = [];
    asking(tasks, log);
    const { start, settled } = client(tasks);
    const asked = await start('w');
    expect(asked.head).toMatchObject({ status: 'input_required', openQuestions: ['approval'], dueAtMs: null });
    const { entries } = await tasks.for(OWNER).get(asked.head.taskId, ['question']);
    expect(JSON.parse(entries[0]?.value ?? '')).toMatchObject({ params: { message: 'How many at 30 USD?' } });
    expect(asked.meta.remaining).toMatchObject([{ step: 'approval', guidance: 'How many at 30 USD?', arguments: {} }]);
    await tasks.for(OWNER).answer(asked.head.taskId, { approval: { action: 'accept', content: { count: 7 } } });
    expect((await settled(asked.head.taskId)).head.status).toBe('completed');
    expect(log).toEqual([7]);
  });

  it.each([
    ['declined', { action: 'decline' }, 'The person declined.'],
    ['closed', { action: 'cancel' }, 'The person closed the question without an answer.'],
    ['answered so that the schema refuses it', { action: 'accept', content: { count: 13 } }, /not thirteen/],
  ])('fails when it is %s, and a call mends it', async (_how, answer, error) => {
    const tasks = layer();
    asking(tasks);
    const { start, settled, record } = client(tasks);
    const { head } = await start('w');
    await tasks.for(OWNER).answer(head.taskId, { approval: answer });
    const failed = await settled(head.taskId);
    expect(failed.head.status).toBe('working');
    expect(failed.meta.pause).toMatchObject({
      type: 'toolError',
      retryable: true,
      error: expect.stringMatching(error) as string,
    });
    await record(head.taskId, { step: 'approval' }, { count: 1 });
    expect((await settled(head.taskId)).head.status).toBe('completed');
  });

  it('stays a step as any other for a client that cannot be asked', async () => {
    const tasks = layer();
    asking(tasks);
    const { engine, settled, record } = client(tasks);
    const call = { tool: 'w', owner: OWNER, arguments: {}, inputCapabilities: { elicitation: false } };
    const { taskId } = await engine.create(call);
    const paused = await settled(taskId);
    expect(paused.head).toMatchObject({ status: 'working', openQuestions: [], dueAtMs: null });
    expect(paused.meta.pause).toEqual({ type: 'clientStep', blockedStep: 'approval' });
    await record(taskId, { step: 'approval' }, { count: 1 });
    expect((await settled(taskId)).head.status).toBe('completed');
  });

  it('has its question withdrawn when a call does the step first; a late answer changes nothing', async () => {
    const tasks = layer();
    const log: unknown[] = [];
    asking(tasks, log);
    const { start, settled, record } = client(tasks);
    const { head } = await start('w');
    await record(head.taskId, { step: 'approval' }, { count: 2 });
    await tasks.for(OWNER).answer(head.taskId, { approval: { action: 'accept', content: { count: 7 } } });
    const ended = await settled(head.taskId);
    expect(ended.head).toMatchObject({ status: 'completed', openQuestions: [] });
    expect(log).toEqual([2]);
  });

  it('does not hold up steps that do not need its answer', async () => {
    const tasks = layer();
    const tool = tasks.tool('tool', {}, () => text(''));
    workflow(tasks, 'w', { description: 'd' }, ({ step }) => {
      step('ask', { client: true, elicit: { message: 'Well?', schema: z.object({ yes: z.boolean() }) } });
      step('free', { tool });
    });
    const view = await client(tasks).start('w');
    expect(statuses(view)).toBe('pending completed');
    expect(remaining(view)).toBe('ask');
  });
});

describe('a tool that asks while it runs as a step', () => {
  it('asks under the name of its step, and the run waits for the answer', async () => {
    const tasks = layer();
    const confirm = tasks.tool('confirm', {}, async (_args, task) => {
      const answer = await task.elicit('sure', { message: 'Sure?', schema: z.object({ yes: z.boolean() }) });
      return text(answer.action);
    });
    workflow(tasks, 'w', { description: 'd' }, ({ step }) => void step('one', { tool: confirm, retryable: true }));
    const { start, settled } = client(tasks);
    const { head, meta } = await start('w');
    expect(head).toMatchObject({ status: 'input_required', openQuestions: ['one/sure'] });
    expect(meta.remaining).toEqual([]);
    await tasks.for(OWNER).answer(head.taskId, { 'one/sure': { action: 'accept', content: { yes: true } } });
    expect((await settled(head.taskId)).head.status).toBe('completed');
  });

  it.each([
    ['gives its run back while it waits, and begins again with the answer, if it is retryable', true, 2],
    ['keeps its run while it waits, so that it is begun once, if it is not', false, 1],
  ])('%s', async (_what, retryable, attempts) => {
    const { clock, make } = processes();
    const { tasks } = make({ parkAfterMs: 100 });
    const begun: number[] = [];
    const confirm = tasks.tool('confirm', {}, async (_args, task) => {
      begun.push(task.workflow?.attempt ?? 0);
      const answer = await task.elicit('sure', { message: 'Sure?', schema: z.object({ yes: z.boolean() }) });
      return text(answer.action);
    });
    workflow(tasks, 'w', { description: 'd' }, ({ step }) => {
      step('one', { tool: confirm, retryable });
    });
    const { begin, view } = client(tasks);
    const { taskId } = await begin('w');
    await clock.advance(1_000);
    expect((await view(taskId)).head.dueAtMs === null).toBe(retryable);
    await tasks.for(OWNER).answer(taskId, { 'one/sure': { action: 'accept', content: { yes: true } } });
    await clock.advance(1_000);
    expect((await view(taskId)).head).toMatchObject({ status: 'completed', attempt: attempts });
    expect(begun).toHaveLength(attempts);
    await tasks.close({ drainMs: 0 });
  });

  it('has its question withdrawn when it does not wait for the answer', async () => {
    const tasks = layer();
    const hasty = tasks.tool('hasty', {}, async (_args, task) => {
      const asked = task.elicit('sure', { message: 'Sure?', schema: z.object({ yes: z.boolean() }) });
      asked.catch(() => undefined);
      await task.set('asked', true);
      return text('done');
    });
    workflow(tasks, 'w', { description: 'd' }, ({ step }) => {
      step('one', { tool: hasty });
      step('two', { client: true, guidance: 'x' });
    });
    const { begin, view: viewOf } = client(tasks);
    const { taskId } = await begin('w');
    const signal = AbortSignal.timeout(20_000);
    await tasks.for(OWNER).waitFor(taskId, ({ dueAtMs }) => dueAtMs === null, { signal });
    const view = await viewOf(taskId);
    expect(statuses(view)).toBe('completed pending');
    const { entries } = await tasks.for(OWNER).get(taskId, ['question']);
    expect(entries.map(({ name }) => name)).toEqual(['one/sure']);
    expect(view.head).toMatchObject({ status: 'working', openQuestions: [] });
  });
});
