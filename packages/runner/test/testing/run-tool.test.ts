import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createTasks } from '../../src/index.ts';
import { fakeClock, inspect, runTool } from '../../src/testing.ts';
import { errorText, text } from '../support/layer.ts';

describe('runTool', () => {
  const tasks = createTasks({ limits: { maxVariablesBytes: 50 } });
  const greet = tasks.tool(
    'greet',
    { inputSchema: z.object({ greeting: z.string() }), onCrash: 'rerun' },
    async ({ greeting }, task) => {
      const answer = await task.elicit('who', { message: 'Who?', schema: z.object({ name: z.string() }) });
      const name = answer.action === 'accept' ? answer.content.name : 'nobody';
      const line = await task.step('join', () => `${greeting}, ${name}!`);
      await task.set('secret', name.length);
      await task.publish('shown', true);
      return text(line);
    },
  );

  it('[TEST-09] runs one tool with given answers, and shows all that became of it', async () => {
    const run = await runTool(greet, {
      arguments: { greeting: 'Hello' },
      answers: { who: { action: 'accept', content: { name: 'Ada' } } },
    });
    expect(run).toMatchObject({
      status: 'completed',
      result: text('Hello, Ada!'),
      error: undefined,
      variables: { secret: 3 },
      published: { shown: true },
      steps: ['join'],
      questions: { who: { method: 'elicitation/create', params: { message: 'Who?' } } },
      head: { owner: 'test-owner', attempt: 1 },
    });
    expect(run.events.map(({ type }) => type)).toContain('settled');
  });

  it('[TEST-09] finds a tool by its name, with the limits of its layer, and makes answers from requests', async () => {
    const asked: unknown[] = [];
    const run = await runTool(
      { tasks, name: 'greet' },
      {
        owner: 'alice',
        clock: fakeClock(),
        arguments: { greeting: 'Hi' },
        answers: {
          who: ({ params }) => {
            asked.push(params['message']);
            return { action: 'decline' };
          },
        },
      },
    );
    expect(run.result).toEqual(text('Hi, nobody!'));
    expect(run.head.owner).toBe('alice');
    expect(asked).toEqual(['Who?']);
    const wide = tasks.tool('wide', {}, async (_args, task) => {
      await task.set('wide', 'x'.repeat(60));
      return text('done');
    });
    expect((await runTool({ tasks, name: 'wide' })).result).toMatchObject({ isError: true });
    expect((await runTool(wide)).result).toEqual(text('done'));
  });

  it('[TEST-09] tells what is missing: a tool, an answer, a fitting answer, fitting arguments', async () => {
    await expect(runTool({ tasks, name: 'none' })).rejects.toThrow('There is no tool "none"');
    await expect(runTool(greet, { arguments: { greeting: 'Hi' } })).rejects.toThrow('The tool asked "who"');
    const answers = { who: { action: 'accept', content: {} } };
    await expect(runTool(greet, { arguments: { greeting: 'Hi' }, answers })).rejects.toMatchObject({
      code: 'TASK_ANSWER_INVALID',
    });
    await expect(runTool(greet)).rejects.toMatchObject({ code: 'INVALID_ARGUMENTS' });
  });

  it('[TEST-09] cancels with its signal, and shows failures', async () => {
    const abort = new AbortController();
    const slow = tasks.tool('slow', {}, async (_args, task) => {
      abort.abort();
      await new Promise((resolve) => {
        task.signal.addEventListener('abort', resolve);
      });
      return text('too late');
    });
    expect(await runTool(slow, { signal: abort.signal })).toMatchObject({ status: 'cancelled', result: undefined });
    const failing = tasks.tool('failing', {}, () => {
      throw new Error('no luck');
    });
    expect((await runTool(failing, { caller: { a: 1 } })).result).toEqual(errorText('no luck'));
  });
});

describe('the fake clock', () => {
  it('[TEST-09] fires timers in their order, each at its instant, also those that a timer sets', async () => {
    const clock = fakeClock(1_000);
    const fired: string[] = [];
    const at = (name: string) => fired.push(`${name} ${clock.nowMs()}`);
    clock.after(30, () => at('late'));
    clock.after(10, () => {
      at('early');
      void Promise.resolve().then(() => clock.after(5, () => at('nested')));
    });
    const cancel = clock.after(12, () => at('cancelled'));
    cancel();
    cancel();
    expect(clock.timers).toBe(2);
    await clock.advance(20);
    expect(fired).toEqual(['early 1010', 'nested 1015']);
    expect(clock.nowMs()).toBe(1_020);
    await clock.advance(10);
    expect(fired.at(-1)).toBe('late 1030');
    expect(clock.timers).toBe(0);
    await expect(clock.advance(-1)).rejects.toThrow(RangeError);
    await expect(clock.advance(0.5)).rejects.toThrow(RangeError);
  });
});

describe('inspect', () => {
  it('[TEST-09] counts only what createTasks made', () => {
    expect(() => inspect({ ...tasksLike() })).toThrow(TypeError);
  });

  function tasksLike() {
    return createTasks();
  }
});
