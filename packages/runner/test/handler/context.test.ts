import { getEventListeners } from 'node:events';
import { memoryStore } from '@mcp-tasks/store';
import type { CallToolResult } from '@mcp-tasks/wire';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { callTool } from '../../src/engine.ts';
import type { TaskContext, Tasks } from '../../src/index.ts';
import { inspect } from '../../src/testing.ts';
import { counted } from '../support/counted-store.ts';
import { codeOf, ended, entry, errorText, layer, resultOf, text } from '../support/layer.ts';

/** The same tool as a task and inline: the context must not tell them apart. */
const ways = ['as a task', 'inline'] as const;

async function runEach(tasks: Tasks, way: (typeof ways)[number], tool: string, args = {}): Promise<unknown> {
  const call = { tool, owner: 'alice', arguments: args };
  if (way === 'inline') return tasks.runInline(call, { signal: new AbortController().signal });
  return resultOf(await ended(tasks, await tasks.startTask(call)));
}

describe.each(ways)('variables %s', (way) => {
  it('[HNDL-01] [HNDL-04] [TEST-03] are read back at once, and are copies', async () => {
    const { tasks } = layer();
    tasks.tool('vars', {}, async (_args, task) => {
      const stored = task.set('list', [1, 2]);
      const mine = task.get('list') as number[];
      mine.push(3);
      await stored;
      return text(JSON.stringify([task.get('list'), task.get('missing') ?? null]));
    });
    expect(await runEach(tasks, way, 'vars')).toEqual(text('[[1,2],null]'));
    await tasks.close();
  });

  it('[HNDL-03] merge: new names are added, others replaced, null deletes; all or none', async () => {
    const { tasks } = layer({ limits: { maxVariableStringBytes: 10 } });
    tasks.tool('vars', {}, async (_args, task) => {
      await task.merge({ a: 1, b: 2, c: 3 });
      await task.merge({ b: 20, c: null, d: 4 });
      const code = await codeOf(() => task.merge({ a: 100, e: 'x'.repeat(11) }));
      await task.delete('d');
      await task.delete('never');
      return text(JSON.stringify([code, ...['a', 'b', 'c', 'd', 'e'].map((name) => task.get(name) ?? null)]));
    });
    expect(await runEach(tasks, way, 'vars')).toEqual(text('["VARIABLE_STRING_TOO_LONG",1,20,null,null,null]'));
    await tasks.close();
  });

  it('[STOR-03] keep their limits, with a typed error and nothing changed', async () => {
    const { tasks } = layer({ limits: { maxVariablesBytes: 100, maxVariableDepth: 2 } });
    tasks.tool('vars', {}, async (_args, task) => {
      const codes = [
        await codeOf(() => task.set('a', 'x'.repeat(100))),
        await codeOf(() => task.set('a', [[[1]]])),
        await codeOf(() => task.set('a', NaN)),
        await codeOf(() => task.set('a', (() => 1) as never)),
        await codeOf(() => task.publish('a', 'x'.repeat(100))),
        await codeOf(() => task.set('', 1)),
        await codeOf(() => task.set('\ud800', 1)),
        await codeOf(() => task.publish('x'.repeat(129), 1)),
        await codeOf(() => task.set('__proto__' as never, { a: 1 })),
        await codeOf(() => task.publish('toString', 1)),
        await codeOf(() => task.step('constructor', () => 1)),
      ];
      return text(JSON.stringify([...codes, task.get('a') ?? null]));
    });
    const result = (await runEach(tasks, way, 'vars')) as CallToolResult;
    const [first] = result.content;
    expect(JSON.parse(first?.type === 'text' ? first.text : '')).toEqual([
      'VARIABLE_TOO_LARGE',
      'VARIABLE_TOO_DEEP',
      'VARIABLE_INVALID',
      'VARIABLE_INVALID',
      'VARIABLE_TOO_LARGE',
      'NAME_INVALID',
      'NAME_INVALID',
      'NAME_INVALID',
      'NAME_INVALID',
      'NAME_INVALID',
      'NAME_INVALID',
      null,
    ]);
    await tasks.close();
  });

  it('[HNDL-04] are typed and checked by the schema of the tool, and by a schema given to get', async () => {
    const { tasks } = layer();
    const variables = z.object({ count: z.number().int(), name: z.string() });
    tasks.tool('vars', { variables }, async (_args, task) => {
      await task.set('count', 1);
      const codes = [
        await codeOf(() => task.set('count', 'two' as never)),
        await codeOf(() => task.merge({ name: 'Ada', count: 1.5 })),
        await codeOf(() => task.get('count', z.string())),
      ];
      const doubled: number | undefined = task.get(
        'count',
        z.number().transform((count) => count * 2),
      );
      return text(JSON.stringify([...codes, task.get('count'), task.get('name') ?? null, doubled]));
    });
    expect(await runEach(tasks, way, 'vars')).toEqual(
      text('["VARIABLE_INVALID","VARIABLE_INVALID","VARIABLE_INVALID",1,null,2]'),
    );
    await tasks.close();
  });

  it('are checked by an asynchronous schema too', async () => {
    const { tasks } = layer();
    const variables = z.object({ even: z.number().refine(async (value) => Promise.resolve(value % 2 === 0)) });
    tasks.tool('vars', { variables }, async (_args, task) => {
      const code = await codeOf(() => task.set('even', 1));
      await task.set('even', 2);
      return text(`${code} ${task.get('even') ?? 'none'}`);
    });
    expect(await runEach(tasks, way, 'vars')).toEqual(text('VARIABLE_INVALID 2'));
    await tasks.close();
  });
});

describe.each(ways)('steps %s', (way) => {
  it('return the stored JSON on the first run too', async () => {
    const { tasks } = layer();
    tasks.tool('steps', {}, async (_args, task) => {
      const date = await task.step('date', () => new Date(0));
      const nothing: unknown = await task.step<unknown>('nothing', () => undefined);
      const nil = await task.step('null', () => null);
      const inner = await task.step('inner', () => ({ kept: 1, dropped: undefined }));
      return text(JSON.stringify([date, typeof nothing, nil, inner]));
    });
    expect(await runEach(tasks, way, 'steps')).toEqual(
      text('["1970-01-01T00:00:00.000Z","undefined",null,{"kept":1}]'),
    );
    await tasks.close();
  });

  it('refuse a name used twice, values that are no JSON, too large ones, and too many', async () => {
    const { tasks } = layer({ limits: { maxCheckpointBytes: 10, maxCheckpoints: 2 } });
    let ran = 0;
    tasks.tool('steps', {}, async (_args, task) => {
      const cycle: Record<string, unknown> = {};
      cycle['self'] = cycle;
      const codes = [
        await codeOf(() => task.step('one', () => 1)),
        await codeOf(() => task.step('one', () => 2)),
        await codeOf(() => task.step('cycle', () => cycle)),
        await codeOf(() => task.step('function', () => () => 1)),
        await codeOf(() => task.step('big', () => 1n)),
        await codeOf(() => task.step('large', () => 'x'.repeat(9))),
        await codeOf(() => task.step('', () => 1)),
        await codeOf(() => task.step('two', () => 2)),
        await codeOf(() => task.step('three', () => ran++)),
      ];
      return text(codes.join());
    });
    expect(await runEach(tasks, way, 'steps')).toEqual(
      text(
        'nothing thrown,STEP_NAME_REUSED,VALUE_NOT_JSON,VALUE_NOT_JSON,VALUE_NOT_JSON,CHECKPOINT_TOO_LARGE,' +
          'NAME_INVALID,nothing thrown,CHECKPOINT_LIMIT',
      ),
    );
    expect(ran).toBe(0);
    await tasks.close();
  });

  it('get an idempotency key and the signal; a step that throws stores nothing and passes its error on', async () => {
    const { tasks } = layer();
    tasks.tool('steps', {}, async (_args, task) => {
      const seen = await task.step('a/b', ({ idempotencyKey, signal }) => [
        idempotencyKey === `${task.id}/a/b`,
        signal === task.signal,
      ]);
      const error = await codeOf(() =>
        task.step('bad', () => {
          throw new RangeError('no luck');
        }),
      );
      return text(JSON.stringify([...seen, error]));
    });
    expect(await runEach(tasks, way, 'steps')).toEqual(text('[true,true,"RangeError: no luck"]'));
    await tasks.close();
  });
});

describe.each(ways)('a context %s', (way) => {
  it('[HNDL-05] fails with a text, knows its caller, and refuses to park where that cannot be', async () => {
    const { tasks } = layer();
    const seen: unknown[] = [];
    tasks.tool('fails', {}, async (_args, task) => {
      seen.push(task.attempt, task.owner, task.inline, await codeOf(() => task.park('why')));
      return task.fail('no such thing');
    });
    expect(await runEach(tasks, way, 'fails')).toEqual(errorText('no such thing'));
    expect(seen).toEqual([1, 'alice', way === 'inline', 'RERUN_REQUIRED']);
    await tasks.close();
  });

  it('takes no effects after the handler has returned, and drops reports', async () => {
    const { tasks } = layer();
    let kept: TaskContext | undefined;
    tasks.tool('keeps', {}, async (_args, task) => {
      kept = task;
      return text('done');
    });
    expect(await runEach(tasks, way, 'keeps')).toEqual(text('done'));
    const late = kept;
    if (late === undefined) throw new Error('the tool did not run');
    const codes = [
      await codeOf(() => late.set('a', 1)),
      await codeOf(() => late.publish('a', 1)),
      await codeOf(() => late.step('a', () => 1)),
      await codeOf(() => late.elicit('a', { message: 'A?', schema: z.object({}) })),
    ];
    expect(codes).toEqual(codes.map(() => 'RUN_ENDED'));
    late.progress(1);
    late.status('a');
    await tasks.close();
  });
});

it.each(['as a task', 'inline', 'inside another run'])('the signal %s takes any number of listeners', async (way) => {
  const warnings: string[] = [];
  const warn = ({ name }: Error) => warnings.push(name);
  process.on('warning', warn);
  const { tasks, start } = layer();
  const inner = tasks.tool('listens', {}, async (_args, task) => {
    await Promise.all(
      Array.from({ length: 50 }, (_, n) =>
        task.step(`step ${n}`, ({ signal }) => {
          signal.addEventListener('abort', () => undefined);
        }),
      ),
    );
    return text(`${getEventListeners(task.signal, 'abort').length}`);
  });
  tasks.tool('calls', {}, async (_args, task) => {
    const workflow = { workflow: 'calls', taskId: task.id, step: 's', attempt: 1 };
    const call = { tool: inner, arguments: {}, prefix: 's/', timeoutMs: 60_000, mayPark: true, workflow };
    const outcome = await callTool(task, call);
    return outcome.kind === 'result' ? outcome.result : text(outcome.error.message);
  });
  const call = { tool: way === 'inside another run' ? 'calls' : 'listens', owner: 'alice', arguments: {} };
  const host = { signal: new AbortController().signal };
  const result =
    way === 'inline' ? await tasks.runInline(call, host) : resultOf(await ended(tasks, await start(call.tool)));
  expect(result).toEqual(text('50'));
  await tasks.close();
  // A warning is emitted in the next tick.
  await new Promise((resolve) => setImmediate(resolve));
  process.off('warning', warn);
  expect(warnings).toEqual([]);
});

describe('what a run stores', () => {
  it('[HNDL-06] a hundred concurrent effects in one handler cost a handful of writes', async () => {
    const { store, calls } = counted(memoryStore());
    const { tasks, start } = layer({ store });
    tasks.tool('wide', {}, async (_args, task) => {
      await Promise.all(Array.from({ length: 100 }, (_, n) => task.set(`v${n}`, n)));
      const read = Array.from({ length: 100 }, (_, n) => task.get(`v${n}`));
      return text(`wrote ${read.filter((value, n) => value === n).length}`);
    });
    const record = await ended(tasks, await start('wide'));
    expect(resultOf(record)).toEqual(text('wrote 100'));
    expect(record.entries.filter(({ kind }) => kind === 'variable')).toHaveLength(100);
    // Two for all the variables, the result.
    expect(calls.update).toBe(3);
    expect(calls.create).toBe(1);
    await tasks.close();
  });

  it('a task without effects costs one create and one update', async () => {
    const { store, calls } = counted(memoryStore());
    const { tasks, start } = layer({ store });
    tasks.tool('plain', {}, () => text('done'));
    const head = await start('plain');
    expect(head).toMatchObject({ attempt: 1, version: 1, status: 'working' });
    const { head: last } = await ended(tasks, head);
    expect(last).toMatchObject({ attempt: 1, version: 2 });
    expect(calls).toMatchObject({ create: 1, update: 1, claim: 1 });
    await tasks.close();
  });

  it('[HNDL-02] published values under their own kind, private ones apart; null takes one back', async () => {
    const { tasks, start } = layer();
    tasks.tool('publish', {}, async (_args, task) => {
      await Promise.all([task.publish('shown', { a: 1 }), task.publish('withdrawn', 1), task.set('secret', 's')]);
      await task.publish('withdrawn', null);
      return text('done');
    });
    const record = await ended(tasks, await start('publish'));
    expect(entry(record, 'published', 'shown')).toEqual({ a: 1 });
    expect(entry(record, 'published', 'withdrawn')).toBeUndefined();
    expect(entry(record, 'published', 'secret')).toBeUndefined();
    expect(entry(record, 'variable', 'secret')).toBe('s');
    await tasks.close();
  });

  it('progress that grows, with its message as status message; reports that do not grow are dropped', async () => {
    const { tasks, start } = layer();
    tasks.tool('progress', {}, async (_args, task) => {
      task.progress(1, 10, 'one');
      task.progress(1, 10, 'again');
      task.progress(0);
      task.progress(NaN);
      task.progress(Infinity);
      await task.set('seen', 1);
      task.progress(2.5, Infinity, '\u{1f600}'.repeat(300));
      return text('done');
    });
    const { head } = await ended(tasks, await start('progress'));
    // 1 KiB is 256 of these characters.
    expect(head.progress).toEqual({ done: 2.5, message: '\u{1f600}'.repeat(256) });
    expect(head.statusMessage).toBe('\u{1f600}'.repeat(256));
    await tasks.close();
  });

  it('leaves nothing behind in memory', async () => {
    const { tasks, start } = layer();
    tasks.tool('busy', {}, async (_args, task) => {
      task.progress(1);
      await task.step('a', () => 1);
      return text('done');
    });
    await tasks.start();
    const idle = inspect(tasks);
    for (let n = 0; n < 20; n++) await ended(tasks, await start('busy'));
    expect(inspect(tasks)).toEqual({ ...idle, runs: 0, waiters: 0 });
    await tasks.close();
    expect(inspect(tasks)).toEqual({ runs: 0, timers: 0, waiters: 0 });
  });
});
