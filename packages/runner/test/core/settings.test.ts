import { describe, expect, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import {
  createTasks,
  inProcessExecutor,
  type InProcessExecutorOptions,
  type TasksOptions,
  type ToolOptions,
  type WorkerOptions,
} from '../../src/index.ts';
import { runTool, type RunToolOptions } from '../../src/testing.ts';
import { text } from '../support/layer.ts';

/** Names of the fields for which `undefined` is no value. */
type Strict<Options> = {
  [Name in keyof Options]-?: undefined extends Required<Options>[Name] ? never : Name;
}[keyof Options];

it('takes undefined for every option, where it means the default', async () => {
  expectTypeOf<Strict<TasksOptions>>().toBeNever();
  expectTypeOf<Strict<NonNullable<TasksOptions['limits']>>>().toBeNever();
  expectTypeOf<Strict<InProcessExecutorOptions>>().toBeNever();
  expectTypeOf<Strict<WorkerOptions>>().toBeNever();
  expectTypeOf<Strict<ToolOptions>>().toBeNever();
  expectTypeOf<Strict<NonNullable<ToolOptions['icons']>[number]>>().toEqualTypeOf<'src'>();
  expectTypeOf<Strict<RunToolOptions>>().toBeNever();

  const executor = inProcessExecutor({ concurrency: undefined });
  const tasks = createTasks({ executor, leaseMs: undefined, limits: { maxTtlMs: undefined, pollIntervalMs: 7 } });
  expect(tasks.limits).toEqual({ ...createTasks().limits, pollIntervalMs: 7 });
  tasks.tool('job', { ttlMs: undefined, inputSchema: undefined, onCrash: undefined }, () => text('done'));
  const run = await runTool({ tasks, name: 'job' }, { limits: { pollIntervalMs: undefined, maxTtlMs: 60_000 } });
  expect(run.head).toMatchObject({ status: 'completed', pollIntervalMs: 7 });
});

describe('the options of createTasks', () => {
  it.each<[string, TasksOptions, new () => Error]>([
    ['leaseMs', { leaseMs: 0 }, RangeError],
    ['leaseMs', { leaseMs: 1.5 }, RangeError],
    ['parkAfterMs', { parkAfterMs: -1 }, RangeError],
    ['maxCrashes', { maxCrashes: 0 }, RangeError],
    ['graceMs', { graceMs: NaN }, RangeError],
    ['sweepIntervalMs', { sweepIntervalMs: Infinity }, RangeError],
    ['limits.maxTtlMs', { limits: { maxTtlMs: 1e300 } }, RangeError],
    ['limits.minTtlMs', { limits: { minTtlMs: 0 } }, RangeError],
    ['limits.minTtlMs', { limits: { minTtlMs: 6, maxTtlMs: 5 } }, RangeError],
    ['limits.maxActiveTasks', { limits: { maxActiveTasks: '3' as never } }, TypeError],
    ['limits.maxStatusMessageBytes', { limits: { maxStatusMessageBytes: 1_025 } }, RangeError],
    ['limits.maxOwnerBytes', { limits: { maxOwnerBytes: 1_025 } }, RangeError],
    ['limits.maxActivTasks', { limits: { maxActivTasks: 3 } as never }, TypeError],
  ])('%s is checked, and named', (name, options, kind) => {
    expect(() => createTasks(options)).toThrow(kind);
    expect(() => createTasks(options)).toThrow(name);
  });

  it('an absent limit is the default one', () => {
    const { limits } = createTasks({ limits: { maxTtlMs: 5, defaultTtlMs: undefined } });
    expect(limits).toMatchObject({ maxTtlMs: 5, defaultTtlMs: 3_600_000, maxActiveTasks: 100 });
    expect(createTasks().limits.minTtlMs).toBe(60_000);
  });

  it('the shortest lifetime follows a longest one that is shorter', () => {
    expect(createTasks({ limits: { maxTtlMs: 5 } }).limits.minTtlMs).toBe(5);
  });

  it('drainMs is checked, and named', () => {
    expect(() => createTasks().close({ drainMs: -1 })).toThrow('drainMs');
  });
});

describe('a registered tool', () => {
  const schema = z.object({});

  it.each<[string, string, object]>([
    ['taskSupport', 'a', { taskSupport: 'sometimes' }],
    ['onCrash', 'a', { onCrash: 'retry' }],
    ['ttlMs', 'a', { ttlMs: 0 }],
    ['keepResultMs', 'a', { keepResultMs: -1 }],
    ['pollIntervalMs', 'a', { pollIntervalMs: 0 }],
    ['timeoutMs', 'a', { timeoutMs: 0.5 }],
    ['maxCrashes', 'a', { maxCrashes: 0 }],
    ['inputSchema', 'a', { inputSchema: { type: 'object' } }],
    ['outputSchema', 'a', { outputSchema: null }],
    ['variables', 'a', { variables: 5 }],
    ['idempotencyKey', 'a', { idempotencyKey: 'order' }],
    ['the key of an ask question', 'a', { ask: { '': { message: '?', schema } } }],
    ['Question "q"', 'a', { ask: { q: { message: '?', schema: z.string() } } }],
    ['The tool name', '', {}],
    ['The tool name', 'x'.repeat(129), {}],
    ['The tool name', '\ud800', {}],
  ])('has its %s checked, and named', (what, name, options) => {
    const tasks = createTasks();
    expect(() => tasks.tool(name, options as never, () => text('done'))).toThrow(what);
    expect(tasks.tools.size).toBe(0);
  });

  it.each(Object.getOwnPropertyNames(Object.prototype))('is refused by the name %s, which every object has', (name) => {
    const tasks = createTasks();
    const refused = `The tool name must not be "${name}", since every object has a member of this name: choose another name.`;
    expect(() => tasks.tool(name, {}, () => text('done'))).toThrow(new TypeError(refused));
    const ask = Object.fromEntries([[name, { message: '?', schema }]]);
    expect(() => tasks.tool('a', { ask }, () => text('done'))).toThrow(
      `the key of an ask question must not be "${name}"`,
    );
    expect(tasks.tools.size).toBe(0);
  });

  it('keeps its name to itself', () => {
    const tasks = createTasks();
    const tool = tasks.tool('a', { description: 'first' }, () => text('done'));
    expect(() => tasks.tool('a', {}, () => text('other'))).toThrow('Tool "a" is registered already.');
    expect(tasks.tools.get('a')).toBe(tool);
    expect(() => tasks.tool('b', {}, undefined as never)).toThrow('handler');
  });

  it('infers the types of arguments, variables and answers', () => {
    const tasks = createTasks();
    const tool = tasks.tool(
      'typed',
      {
        inputSchema: z.object({ n: z.number().default(2) }),
        outputSchema: z.object({ square: z.number() }),
        variables: z.object({ count: z.number() }),
        ask: { sure: { message: 'Sure?', schema: z.object({ sure: z.boolean() }) } },
      },
      async ({ n }, task) => {
        const square: number = n * n;
        await task.set('count', 1);
        const count: number | undefined = task.get('count');
        const sure: boolean = task.answers.sure.action === 'accept' && task.answers.sure.content.sure;
        // @ts-expect-error a variable of another type
        void task.set('count', 'one').catch(() => undefined);
        // @ts-expect-error a question that was not asked
        expect(task.answers.other).toBeUndefined();
        return { content: [], structuredContent: { square, count, sure } };
      },
    );
    // What the schema takes, not what it makes of it.
    const args: { n?: number | undefined } | undefined = tool['~types']?.args;
    expect(args).toBeUndefined();
  });
});
