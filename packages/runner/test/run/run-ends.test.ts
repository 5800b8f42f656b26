import { memoryStore, TaskError } from '@mcp-tasks/store';
import { ProtocolFailure } from '@mcp-tasks/wire';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { inProcessExecutor, type TaskContext, type TasksOptions } from '../../src/index.ts';
import { fakeClock, inspect } from '../../src/testing.ts';
import { counted } from '../support/counted-store.ts';
import {
  aborted,
  ended,
  entry,
  errorText,
  gate,
  layer,
  recordOf,
  resultOf,
  text,
  until,
  untilOpen,
} from '../support/layer.ts';

/** A layer on a fake clock, with a tool that tells when it began and waits for its signal. */
function waiting(
  options: TasksOptions = {},
  toolOptions: Parameters<ReturnType<typeof layer>['tasks']['tool']>[1] = {},
) {
  const clock = fakeClock();
  const made = layer({ clock, ...options });
  const began = gate<TaskContext>();
  const reasons: unknown[] = [];
  made.tasks.tool('wait', toolOptions, async (_args, task) => {
    began.open(task as TaskContext);
    await new Promise<void>((resolve) => {
      task.signal.addEventListener('abort', () => {
        const { reason } = task.signal as { reason: unknown };
        reasons.push(TaskError.is(reason, 'RUN_ENDED') ? reason.details['reason'] : reason);
        resolve();
      });
    });
    return text('too late');
  });
  return { ...made, clock, began: began.opened, reasons };
}

describe('a run ends', () => {
  it('[INTG-08] when its task is cancelled; what it still does changes nothing', async () => {
    const { tasks, start, began, reasons } = waiting();
    const head = await start('wait');
    const task = await began;
    const { version } = await tasks.for('alice').cancel(head.taskId);
    await until(tasks, head, ({ status }) => status === 'cancelled');
    await tasks.close();
    await expect(task.set('a', 1)).rejects.toMatchObject({ code: 'RUN_ENDED', details: { reason: 'cancelled' } });
    expect(reasons).toEqual(['cancelled']);
    expect(version).toBe(2);
  });

  it('[INTG-09] when its task expires, at that instant, with one timer for all runs', async () => {
    const { tasks, start, clock, began, reasons } = waiting();
    await tasks.start();
    const idle = inspect(tasks).timers;
    const first = await start('wait', {}, { requestedTtlMs: 5_000 });
    await start('wait', {}, { requestedTtlMs: 60_000 });
    const third = await start('wait', {}, { requestedTtlMs: 7_000 });
    await began;
    await clock.advance(0);
    // The waiter hub's, the expiry's, the leases', and that of the watch of the event loop.
    expect(inspect(tasks)).toMatchObject({ runs: 3, timers: idle + 4 });
    await clock.advance(4_999);
    expect(reasons).toEqual([]);
    await clock.advance(1);
    expect(reasons).toEqual(['expired']);
    await expect(tasks.for('alice').get(first.taskId)).rejects.toMatchObject({ code: 'TASK_NOT_FOUND' });
    await clock.advance(2_000);
    expect(reasons).toEqual(['expired', 'expired']);
    await expect(tasks.for('alice').get(third.taskId)).rejects.toMatchObject({ code: 'TASK_NOT_FOUND' });
    await tasks.close({ drainMs: 0 });
    expect(inspect(tasks)).toEqual({ runs: 0, timers: 0, waiters: 0 });
  });

  it('with a result that says so when it takes longer than timeoutMs', async () => {
    const { tasks, start, clock, began, reasons } = waiting({}, { timeoutMs: 1_000 });
    const head = await start('wait');
    await began;
    await clock.advance(999);
    expect(reasons).toEqual([]);
    await clock.advance(1);
    expect(reasons).toEqual(['timeout']);
    expect(resultOf(await ended(tasks, head))).toEqual(
      errorText('Tool "wait" took longer than 1000 ms and was stopped.'),
    );
    await tasks.close();
  });

  it('time spent waiting at a question does not count for timeoutMs', async () => {
    const clock = fakeClock();
    const { tasks, start } = layer({ clock });
    const second = gate();
    tasks.tool('ask', { timeoutMs: 1_000 }, async (_args, task) => {
      await task.elicit('q', { message: 'Q?', schema: z.object({}) });
      second.open();
      await aborted(task.signal);
      return text('too late');
    });
    const head = await start('ask');
    await untilOpen(tasks, head, 'q');
    await clock.advance(60_000);
    await tasks.for('alice').answer(head.taskId, { q: { action: 'accept', content: {} } });
    await second.opened;
    await clock.advance(999);
    expect((await recordOf(tasks, head)).head.status).toBe('working');
    await clock.advance(1);
    expect(resultOf(await ended(tasks, head))).toMatchObject({ isError: true });
    await tasks.close();
  });

  it('and its slot is free after graceMs, however long the handler goes on', async () => {
    const clock = fakeClock();
    const { tasks, start } = layer({ clock, graceMs: 5_000, executor: inProcessExecutor({ concurrency: 1 }) });
    const stuck = gate();
    tasks.tool('stuck', {}, async () => {
      await stuck.opened;
      return text('very late');
    });
    tasks.tool('next', {}, () => text('ran'));
    const first = await start('stuck');
    const second = await start('next');
    await clock.advance(0);
    await tasks.for('alice').cancel(first.taskId);
    await clock.advance(4_999);
    expect((await recordOf(tasks, second)).head.attempt).toBe(0);
    await clock.advance(1);
    expect(resultOf(await ended(tasks, second))).toEqual(text('ran'));
    stuck.open();
    await clock.advance(0);
    const late = await recordOf(tasks, first);
    expect(late.head.status).toBe('cancelled');
    expect(resultOf(late)).toBeUndefined();
    await tasks.close();
  });

  it('[INTG-04] a task whose handler never returns does not keep the layer from closing', async () => {
    const clock = fakeClock();
    const { tasks, start } = layer({ clock });
    const forever = gate();
    tasks.tool('never', {}, async () => {
      await forever.opened;
      return text('never');
    });
    const head = await start('never');
    await clock.advance(0);
    const closed = tasks.close({ drainMs: 1_000 });
    await clock.advance(1_000);
    await clock.advance(5_000);
    await closed;
    expect(inspect(tasks)).toEqual({ runs: 0, timers: 0, waiters: 0 });
    forever.open();
    expect(head.status).toBe('working');
  });
});

describe('what a handler does', () => {
  const cycle: Record<string, unknown> = {};
  cycle['self'] = cycle;
  const unprintable = Object.create(null) as object;
  const throwsWhenRead = {
    get message(): string {
      throw new Error('no');
    },
  };
  const table: [what: string, does: () => unknown, result: unknown][] = [
    ['throws an error', () => raise(new Error('no luck')), errorText('no luck')],
    ['throws a string', () => raise('just text'), errorText('just text')],
    ['throws null', () => raise(null), errorText('null')],
    ['throws undefined', () => raise(undefined), errorText('undefined')],
    ['throws an object with a numeric code', () => raise({ code: -32000, message: 'not ours' }), errorText('not ours')],
    ['throws what cannot be shown', () => raise(unprintable), errorText('the thrown value cannot be shown')],
    ['throws what cannot be read', () => raise(throwsWhenRead), errorText('the thrown value cannot be shown')],
    ['returns nothing', () => undefined, errorText('Tool "acts" did not return a tool result: it returned nothing.')],
    ['returns null', () => null, errorText('Tool "acts" did not return a tool result: it is not an object.')],
    ['returns a string', () => 'text', errorText('Tool "acts" did not return a tool result: it is not an object.')],
    [
      'returns an empty object',
      () => ({}),
      errorText('Tool "acts" did not return a tool result: `content` is missing.'),
    ],
    [
      'returns content that is no array',
      () => ({ content: 'text' }),
      errorText('Tool "acts" did not return a tool result: `content` is not an array.'),
    ],
    [
      'returns a block of no known type',
      () => ({ content: [{ type: 'text', text: 'a' }, { type: 'video' }] }),
      errorText('Tool "acts" did not return a tool result: `content[1]` is not a content block.'),
    ],
    [
      'returns an isError that is no boolean',
      () => ({ content: [], isError: 'yes' }),
      errorText('Tool "acts" did not return a tool result: `isError` is not a boolean.'),
    ],
    [
      'returns structured content that is no JSON',
      () => ({ content: [], structuredContent: { n: 1n } }),
      errorText('The result of tool "acts" cannot be written as JSON: Do not know how to serialize a BigInt.'),
    ],
    [
      'returns structured content only',
      () => ({ structuredContent: { n: 1 } }),
      { content: [], structuredContent: { n: 1 } },
    ],
    ['returns undefined fields', () => ({ ...text('a'), _meta: undefined }), text('a')],
    [
      'returns fields that we do not know',
      () => ({ ...text('a'), extra: { kept: true } }),
      { ...text('a'), extra: { kept: true } },
    ],
  ];

  function raise(value: unknown): never {
    throw value;
  }

  it.each(table)('when it %s, task and inline have the same result', async (_what, does, result) => {
    const { tasks, start } = layer();
    tasks.tool('acts', {}, async () => (await Promise.resolve(does())) as never);
    const record = await ended(tasks, await start('acts'));
    expect(record.head.status).toBe('completed');
    expect(resultOf(record)).toEqual(result);
    const call = { tool: 'acts', owner: 'alice', arguments: {} };
    expect(await tasks.runInline(call, { signal: new AbortController().signal })).toEqual(result);
    await tasks.close();
  });

  it('a cycle in a result is no result', async () => {
    const { tasks, start } = layer();
    tasks.tool('acts', {}, () => ({ content: [], structuredContent: cycle }));
    expect(resultOf(await ended(tasks, await start('acts')))).toMatchObject({ isError: true });
    await tasks.close();
  });

  it('a ProtocolFailure is stored as that error, and an inline call answers it', async () => {
    const { tasks, start } = layer();
    tasks.tool('acts', {}, () => {
      throw new ProtocolFailure(-32050, 'quota of the backend', { retryAfterMs: 5 });
    });
    const record = await ended(tasks, await start('acts'));
    expect(record.head).toMatchObject({ status: 'failed', statusMessage: 'quota of the backend' });
    expect(entry(record, 'error')).toEqual({
      code: -32050,
      message: 'quota of the backend',
      data: { retryAfterMs: 5 },
    });
    const inline = tasks.runInline(
      { tool: 'acts', owner: 'alice', arguments: {} },
      { signal: new AbortController().signal },
    );
    await expect(inline).rejects.toMatchObject({
      code: -32050,
      message: 'quota of the backend',
      data: { retryAfterMs: 5 },
    });
    await expect(inline).rejects.toSatisfy((error) => ProtocolFailure.is(error));
    await tasks.close();
  });

  it('a result over the limit fails the task, naming both sizes', async () => {
    const { tasks, start } = layer({ limits: { maxResultBytes: 100 } });
    tasks.tool('acts', {}, () => text('x'.repeat(100)));
    const record = await ended(tasks, await start('acts'));
    expect(record.head.status).toBe('failed');
    expect(entry(record, 'error')).toEqual({
      code: -32603,
      message: 'The result of tool "acts" has 139 bytes; the limit is 100.',
      data: { code: 'RESULT_TOO_LARGE', actualBytes: 139, limitBytes: 100 },
    });
    await tasks.close();
  });

  it('structured content is checked with outputSchema before it is stored, in the words of the MCP SDK', async () => {
    const { tasks, start } = layer();
    const outputSchema = z.object({ square: z.number() });
    const results: Record<string, unknown> = {
      fits: { content: [], structuredContent: { square: 4 } },
      missing: { content: [] },
      wrong: { content: [], structuredContent: { square: 'four' } },
      error: { ...errorText('no'), structuredContent: { square: 'four' } },
    };
    tasks.tool(
      'acts',
      { inputSchema: z.object({ which: z.string() }), outputSchema },
      ({ which }) => results[which] as never,
    );
    const resultFor = async (which: string) => resultOf(await ended(tasks, await start('acts', { which })));
    expect(await resultFor('fits')).toEqual(results['fits']);
    expect(await resultFor('error')).toEqual(results['error']);
    expect(await resultFor('missing')).toEqual(
      errorText('Output validation error: Tool acts has an output schema but no structured content was provided'),
    );
    expect(await resultFor('wrong')).toEqual(
      errorText(
        'Output validation error: Invalid structured content for tool acts: square: Invalid input: expected number, received string',
      ),
    );
    await tasks.close();
  });
});

describe('a failing store', () => {
  it('[DURA-08] costs time while the lease holds, and no second effect', async () => {
    const clock = fakeClock();
    const { store, calls, interference } = counted(memoryStore());
    const errors: unknown[] = [];
    const { tasks, start } = layer({ store, clock, onBackgroundError: (error) => errors.push(error) });
    const down = () => {
      throw new TaskError('STORE_UNAVAILABLE', 'down', { retryable: true });
    };
    tasks.tool('acts', {}, async (_args, task) => {
      // From here on answers are lost: the first write arrives all the same.
      interference.after = (method) => {
        if (method === 'update') down();
      };
      await task.step('once', () => 1);
      return text('done');
    });
    const head = await start('acts');
    await clock.advance(3_000);
    expect(calls.update).toBeGreaterThan(3);
    delete interference.after;
    await clock.advance(2_000);
    const record = await ended(tasks, head);
    expect(resultOf(record)).toEqual(text('done'));
    expect(record.entries.filter(({ kind }) => kind === 'checkpoint')).toHaveLength(1);
    expect(record.head.attempt).toBe(1);
    expect(errors).toEqual([]);
    await tasks.close();
  });

  it('for longer than the lease ends the run', async () => {
    const clock = fakeClock();
    const { store, interference } = counted(memoryStore());
    const errors: unknown[] = [];
    const { tasks, start } = layer({ store, clock, leaseMs: 6_000, onBackgroundError: (error) => errors.push(error) });
    let outcome: unknown;
    tasks.tool('acts', {}, async (_args, task) => {
      interference.before = (method) => {
        if (method !== 'get') throw new TaskError('STORE_UNAVAILABLE', 'down', { retryable: true });
      };
      outcome = await task.set('a', 1).catch((error: unknown) => error);
      return text('done');
    });
    const head = await start('acts');
    await clock.advance(8_000);
    expect(outcome).toMatchObject({ code: 'RUN_ENDED', details: { reason: 'lease-lost' } });
    expect(errors.length).toBeGreaterThan(0);
    delete interference.before;
    // The lease ran out, so the task is recovered: here it fails as interrupted.
    await clock.advance(6_000);
    expect(entry(await ended(tasks, head), 'error')).toMatchObject({ data: { code: 'TASK_INTERRUPTED' } });
    await tasks.close();
  });

  it('in a way that sending again cannot mend ends the run at once', async () => {
    const { store, interference } = counted(memoryStore());
    const errors: unknown[] = [];
    const { tasks, start } = layer({ store, onBackgroundError: (error) => errors.push(error) });
    const outcome = gate<unknown>();
    tasks.tool('acts', {}, async (_args, task) => {
      interference.before = (method) => {
        if (method === 'update') throw new TaskError('STORE_CORRUPT_RECORD', 'broken');
      };
      outcome.open(await task.set('a', 1).catch((error: unknown) => error));
      return text('done');
    });
    await start('acts');
    expect(await outcome.opened).toMatchObject({ code: 'RUN_ENDED', details: { reason: 'store-failed' } });
    expect(errors).toEqual([expect.objectContaining({ code: 'STORE_CORRUPT_RECORD' })]);
    await tasks.close();
  });

  it('refuses one call, and the next works', async () => {
    const { store, interference } = counted(memoryStore());
    const { tasks, start } = layer({ store });
    tasks.tool('acts', {}, () => text('done'));
    interference.before = (method) => {
      if (method === 'create') throw new TaskError('STORE_UNAVAILABLE', 'The store cannot be reached.');
    };
    await expect(start('acts')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    delete interference.before;
    expect(resultOf(await ended(tasks, await start('acts')))).toEqual(text('done'));
    await tasks.close();
  });

  it('[DURA-08] that loses the answer of a create makes one task, and runs it', async () => {
    const { store, calls, interference } = counted(memoryStore());
    const { tasks, start } = layer({ store });
    tasks.tool('acts', {}, () => text('done'));
    interference.after = (method) => {
      if (method === 'create' && calls.create === 1)
        throw new TaskError('STORE_UNAVAILABLE', 'lost', { retryable: true });
    };
    const head = await start('acts');
    expect(resultOf(await ended(tasks, head))).toEqual(text('done'));
    expect(calls.create).toBe(2);
    expect((await tasks.for('alice').list()).heads).toHaveLength(1);
    await tasks.close();
  });
});
