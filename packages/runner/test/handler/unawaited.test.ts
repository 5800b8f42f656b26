import { TaskError } from '@mcp-tasks/store';
import type { CallToolResult } from '@mcp-tasks/wire';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { callTool, messageOf } from '../../src/engine.ts';
import type { TaskContext } from '../../src/index.ts';
import { aborted, ended, entry, gate, layer, resultOf, text } from '../support/layer.ts';

/** The same handler in each kind of run: it must not matter which. */
const ways = ['as a task', 'inline', 'inside another run'] as const;

/** One tool, and what its background errors say. */
function forgetful(way: (typeof ways)[number], handler: (task: TaskContext) => Promise<CallToolResult>) {
  const errors: unknown[] = [];
  const { tasks, start } = layer({ onBackgroundError: (error) => errors.push(error) });
  const tool = tasks.tool('forgetful', {}, (_args, task) => handler(task));
  tasks.tool('outer', {}, async (_args, task) => {
    const workflow = { workflow: 'outer', taskId: task.id, step: 's', attempt: 1 };
    const outcome = await callTool(task, {
      tool,
      arguments: {},
      prefix: 's/',
      timeoutMs: 60_000,
      mayPark: true,
      workflow,
    });
    return outcome.kind === 'result' ? outcome.result : text(outcome.error.message);
  });
  const run = async () => {
    const call = { tool: way === 'inside another run' ? 'outer' : 'forgetful', owner: 'alice', arguments: {} };
    if (way === 'inline') return tasks.runInline(call, { signal: new AbortController().signal });
    return resultOf(await ended(tasks, await start(call.tool)));
  };
  return { tasks, run, errors };
}

/** Waits until this many errors were told, and says which effects they name and why they failed. */
async function told(errors: readonly unknown[], count: number): Promise<unknown[]> {
  await expect.poll(() => errors.length, { timeout: 10_000 }).toBeGreaterThanOrEqual(count);
  // Another would come within a turn of the event loop.
  for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve));
  return errors.map((error) => {
    if (!TaskError.is(error)) return error;
    const { method, names } = error.details;
    return [error.code, method, names, TaskError.is(error.cause) ? error.cause.code : messageOf(error.cause)];
  });
}

const boom = () => {
  throw new RangeError('boom');
};
const notJson = NaN as never;
const question = { message: 'Q?', schema: z.object({}) };

const failing: readonly [method: string, names: string[], cause: string, effect: (task: TaskContext) => unknown][] = [
  ['step', ['s'], 'boom', (task) => task.step('s', boom)],
  ['step', ['s'], 'VALUE_NOT_JSON', (task) => task.step('s', () => 1n)],
  ['step', ['number'], 'NAME_INVALID', (task) => task.step(1 as never, () => 1)],
  ['set', ['v'], 'VARIABLE_INVALID', (task) => task.set('v', notJson)],
  ['merge', ['a', 'b'], 'VARIABLE_INVALID', (task) => task.merge({ a: 1, b: notJson })],
  ['delete', [''], 'NAME_INVALID', (task) => task.delete('')],
  ['publish', ['p'], 'VARIABLE_INVALID', (task) => task.publish('p', notJson)],
  ['elicit', ['x'.repeat(128)], 'NAME_INVALID', (task) => task.elicit('x'.repeat(200), question)],
  ['sample', ['q'], 'Question "q": messages must be an array.', (task) => task.sample('q', {})],
];

describe.each(ways)('an effect that a handler %s does not await', (way) => {
  it.each(failing)('is told when it fails: %s %j with %s', async (method, names, cause, effect) => {
    const { tasks, run, errors } = forgetful(way, async (task) => {
      void effect(task);
      return text('done');
    });
    expect(await run()).toEqual(text('done'));
    expect(await told(errors, 1)).toEqual([['EFFECT_NOT_AWAITED', method, names, cause]]);
    expect(errors).toMatchObject([{ details: { taskId: expect.any(String) as string, tool: 'forgetful' } }]);
    await tasks.close();
  });

  it('is told when only what follows from it is forgotten', async () => {
    const { tasks, run, errors } = forgetful(way, async (task) => {
      void task.step('then', boom).then(() => 'never');
      void task.step('finally', boom).finally(() => undefined);
      void task.set('v', 1).then(boom);
      return text('done');
    });
    expect(await run()).toEqual(text('done'));
    const all = await told(errors, 3);
    expect(all).toHaveLength(3);
    for (const [method, name] of [
      ['step', 'then'],
      ['step', 'finally'],
      ['set', 'v'],
    ]) {
      expect(all).toContainEqual(['EFFECT_NOT_AWAITED', method, [name], 'boom']);
    }
    await tasks.close();
  });

  it('is told when it is a step that goes on as the handler returns, also one that is looked at', async () => {
    const over = gate();
    const { tasks, run, errors } = forgetful(way, async (task) => {
      void task.step('forgotten', () => over.opened);
      await Promise.race([task.step('outrun', () => over.opened), task.step('quick', () => 1)]);
      return text('done');
    });
    expect(await run()).toEqual(text('done'));
    over.open();
    expect(await told(errors, 2)).toEqual([
      ['EFFECT_NOT_AWAITED', 'step', ['forgotten'], 'undefined'],
      ['EFFECT_NOT_AWAITED', 'step', ['outrun'], 'undefined'],
    ]);
    await tasks.close();
  });

  it('is told once for each method when the run is over', async () => {
    let late: TaskContext | undefined;
    const { tasks, run, errors } = forgetful(way, async (task) => {
      late = task;
      return text('done');
    });
    await run();
    for (let n = 0; n < 3; n++) {
      void late?.set('v', n);
      void late?.step(`s${n}`, () => n);
      late?.progress(n);
      late?.status('late');
    }
    expect(await told(errors, 2)).toEqual([
      ['EFFECT_NOT_AWAITED', 'set', ['v'], 'RUN_ENDED'],
      ['EFFECT_NOT_AWAITED', 'step', ['s0'], 'RUN_ENDED'],
    ]);
    await tasks.close();
  });

  it('is not told when the handler dealt with its rejection, at once or later', async () => {
    const ignore = () => undefined;
    const { tasks, run, errors } = forgetful(way, async (task) => {
      await task.step('awaited', boom).catch(ignore);
      await Promise.allSettled([task.set('v', notJson), task.publish('p', notJson)]);
      await Promise.all([task.step('one', boom), task.step('two', boom)]).catch(ignore);
      void task.step('caught', boom).catch(ignore);
      const early = task.step('early', boom);
      await task.set('between', 1);
      await new Promise((resolve) => setImmediate(resolve));
      await early.catch(ignore);
      void task.step('the only one forgotten', boom);
      return text('done');
    });
    expect(await run()).toEqual(text('done'));
    expect(await told(errors, 1)).toEqual([['EFFECT_NOT_AWAITED', 'step', ['the only one forgotten'], 'boom']]);
    await tasks.close();
  });

  it('is told when the handler throws something else', async () => {
    const { tasks, run, errors } = forgetful(way, async (task) => {
      void task.step('forgotten', boom);
      await task.step('awaited', () => {
        throw new Error('what the caller sees');
      });
      return text('never');
    });
    expect(await run()).toMatchObject({ isError: true, content: [{ text: 'what the caller sees' }] });
    expect(await told(errors, 1)).toEqual([['EFFECT_NOT_AWAITED', 'step', ['forgotten'], 'boom']]);
    await tasks.close();
  });

  it('has its report dropped and told once when an argument has a wrong type', async () => {
    const { tasks, run, errors } = forgetful(way, async (task) => {
      for (let n = 0; n < 3; n++) {
        task.progress('1' as never);
        task.progress(1, null as never);
        task.progress(1, 2, Symbol('x') as never);
        task.status({ toString: boom } as never);
      }
      task.status('fits');
      return text('done');
    });
    expect(await run()).toEqual(text('done'));
    expect(await told(errors, 2)).toEqual([
      ['REPORT_INVALID', 'progress', undefined, 'undefined'],
      ['REPORT_INVALID', 'status', undefined, 'undefined'],
    ]);
    expect(String(errors[0])).toContain('Tool "forgetful" of task');
    expect(String(errors[0])).toContain('done must be a number, not string');
    await tasks.close();
  });
});

describe('a write that the handler of a task did not await', () => {
  it('is told when the end of the run came before it', async () => {
    const errors: unknown[] = [];
    const { tasks, start } = layer({ onBackgroundError: (error) => errors.push(error) });
    const checked = gate();
    const variables = z.object({ slow: z.number().refine(() => checked.opened.then(() => true)) });
    tasks.tool('slow', { variables }, async (_args, task) => {
      void task.set('slow', 1);
      return text('done');
    });
    const head = await start('slow');
    expect(resultOf(await ended(tasks, head))).toEqual(text('done'));
    checked.open();
    expect(await told(errors, 1)).toEqual([['EFFECT_NOT_AWAITED', 'set', ['slow'], 'RUN_ENDED']]);
    await tasks.close();
  });

  it('is stored before the result, and then nothing is told', async () => {
    const { tasks, start } = layer();
    tasks.tool('quick', {}, async (_args, task) => {
      void task.set('v', 1);
      void task.publish('p', 2);
      return text('done');
    });
    const record = await ended(tasks, await start('quick'));
    expect([entry(record, 'variable', 'v'), entry(record, 'published', 'p')]).toEqual([1, 2]);
    await tasks.close();
  });

  it('is told once when the run was cancelled under it', async () => {
    const errors: unknown[] = [];
    const { tasks, start } = layer({ onBackgroundError: (error) => errors.push(error) });
    const began = gate();
    const never = gate();
    tasks.tool('asks', {}, async (_args, task) => {
      void task.elicit('a', question);
      void task.elicit('b', question);
      void task.step('s', () => never.opened);
      began.open();
      await aborted(task.signal);
      never.open();
      return text('too late');
    });
    const { taskId } = await start('asks');
    await began.opened;
    await tasks.for('alice').cancel(taskId);
    const all = await told(errors, 2);
    expect(all).toHaveLength(2);
    expect(all).toContainEqual(['EFFECT_NOT_AWAITED', 'elicit', ['a'], 'RUN_ENDED']);
    expect(all).toContainEqual(['EFFECT_NOT_AWAITED', 'step', ['s'], 'RUN_ENDED']);
    await tasks.close();
  });
});
