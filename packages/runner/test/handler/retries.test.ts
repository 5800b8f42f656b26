import { TaskError } from '@mcp-tasks/store';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { inProcessExecutor, type RetryOptions, type TaskContext, type Tasks } from '../../src/index.ts';
import { fakeClock, inspect } from '../../src/testing.ts';
import { codeOf, ended, entry, layer, recordOf, resultOf, text, untilOpen } from '../support/layer.ts';
import { LEASE_MS, processes } from '../support/processes.ts';

const HOUR_MS = 3_600_000;

/** A function that fails this many times, and notes when it was tried, and with which key. */
function failing(tasks: Tasks, times: number) {
  const tries: { readonly atMs: number; readonly idempotencyKey: string }[] = [];
  return {
    tries,
    sinceMs: () => tries.map(({ atMs }) => atMs - (tries[0]?.atMs ?? 0)),
    fn: ({ idempotencyKey }: { idempotencyKey: string }) => {
      tries.push({ atMs: tasks.clock.nowMs(), idempotencyKey });
      if (tries.length <= times) throw new Error(`failure ${tries.length}`);
      return 'value';
    },
  };
}

function setUp(options: Parameters<typeof layer>[0] = {}) {
  const clock = fakeClock();
  return { clock, ...layer({ clock, ...options }) };
}

describe('a step with retries', () => {
  it('[LIFE-08] is tried again after waits that double up to a limit, with one idempotency key', async () => {
    const { clock, tasks, start } = setUp();
    const work = failing(tasks, 5);
    tasks.tool('job', {}, async (_args, task) =>
      text(await task.step('fetch', { retries: 5, backoffMs: 100, maxBackoffMs: 500 }, work.fn)),
    );
    const head = await start('job');
    await clock.advance(5_000);
    const record = await ended(tasks, head);
    expect(resultOf(record)).toEqual(text('value'));
    expect(work.sinceMs()).toEqual([0, 100, 300, 700, 1_200, 1_700]);
    expect(new Set(work.tries.map(({ idempotencyKey }) => idempotencyKey))).toEqual(new Set([`${head.taskId}/fetch`]));
    const { entries } = await tasks.for('alice').get(head.taskId, ['wait']);
    expect(entries).toEqual([]);
    await tasks.close();
  });

  it('[LIFE-08] throws what the last try threw, and what `retryIf` says is not worth another', async () => {
    const { clock, tasks, start } = setUp();
    const work = failing(tasks, 9);
    tasks.tool('job', {}, async (_args, task) => {
      const messages: unknown[] = [];
      const note = (error: unknown) => void messages.push((error as Error).message);
      await task.step('twice', { retries: 1, backoffMs: 10 }, work.fn).catch(note);
      await task.step('picky', { retries: 9, retryIf: () => false }, work.fn).catch(note);
      await task.step('plain', {}, work.fn).catch(note);
      return text(JSON.stringify(messages));
    });
    const head = await start('job');
    await clock.advance(1_000);
    expect(resultOf(await ended(tasks, head))).toEqual(text('["failure 2","failure 3","failure 4"]'));
    await tasks.close();
  });

  it('[LIFE-08] ends a try that takes too long, and its signal with it', async () => {
    const { clock, tasks, start } = setUp();
    const aborted: unknown[] = [];
    tasks.tool('job', {}, async (_args, task) => {
      const slow = ({ signal }: { signal: AbortSignal }) =>
        new Promise<string>((resolve) => {
          signal.addEventListener('abort', () => {
            aborted.push((signal.reason as TaskError).code);
            if (aborted.length === 2) resolve('too late');
          });
        });
      return text(await codeOf(() => task.step('slow', { retries: 1, backoffMs: 50, timeoutMs: 200 }, slow)));
    });
    const head = await start('job');
    await clock.advance(1_000);
    expect(resultOf(await ended(tasks, head))).toEqual(text('STEP_TIMEOUT'));
    expect(aborted).toEqual(['STEP_TIMEOUT', 'STEP_TIMEOUT']);
    await tasks.close();
  });

  it('[LIFE-08] holds no slot while it waits', async () => {
    const { clock, tasks, start } = setUp({ executor: inProcessExecutor({ concurrency: 1 }) });
    const work = failing(tasks, 1);
    tasks.tool('job', {}, async (_args, task) =>
      text(await task.step('fetch', { retries: 1, backoffMs: 1_000 }, work.fn)),
    );
    tasks.tool('other', {}, () => text('in between'));
    const head = await start('job');
    await clock.advance(10);
    expect(work.tries).toHaveLength(1);
    const other = await start('other');
    expect(resultOf(await ended(tasks, other))).toEqual(text('in between'));
    expect((await recordOf(tasks, head)).head.status).toBe('working');
    await clock.advance(1_000);
    expect(resultOf(await ended(tasks, head))).toEqual(text('value'));
    await tasks.close();
  });

  it('[LIFE-08] goes on in another process with the tries that are left, also after a kill, and no crash is forgotten', async () => {
    const { clock, make } = processes();
    const log: string[] = [];
    const [first, second] = [make(), make()];
    for (const [name, { tasks }] of Object.entries({ first, second })) {
      tasks.tool('job', { onCrash: 'rerun' }, async (_args, task) => {
        const fetched = task.step('fetch', { retries: 3, backoffMs: 2 * LEASE_MS }, () => {
          log.push(`${name} try`);
          throw new Error('HTTP 503');
        });
        return text(await fetched.catch((error: unknown) => (error as Error).message));
      });
    }
    const head = await first.start('job');
    await clock.advance(100);
    const { entries } = await first.tasks.for('alice').get(head.taskId, ['wait']);
    expect(JSON.parse(entries[0]?.value ?? '')).toMatchObject({ tries: 1, retries: 3, error: 'HTTP 503' });
    first.crash();
    await second.tasks.start();
    await clock.advance(60 * LEASE_MS);
    const record = await ended(second.tasks, head);
    expect(resultOf(record)).toEqual(text('HTTP 503'));
    expect(log).toEqual(['first try', 'second try', 'second try', 'second try']);
    expect(record.head).toMatchObject({ attempt: 2, crashCount: 1 });
    await second.tasks.close();
  });

  const WRONG: readonly (readonly [RetryOptions, string])[] = [
    [{ retries: -1 }, 'RangeError: Step "s": retries must be a whole number from 0, not -1.'],
    [{ retries: 1.5 }, 'RangeError: Step "s": retries must be'],
    [{ backoffMs: -1 }, 'RangeError: Step "s": backoffMs must be'],
    [{ maxBackoffMs: NaN }, 'RangeError: Step "s": maxBackoffMs must be'],
    [{ timeoutMs: 0 }, 'RangeError: Step "s": timeoutMs must be'],
    [{ retryIf: true as never }, 'TypeError: Step "s": retryIf must be a function, not true.'],
    [{ retry: 3 } as RetryOptions, 'TypeError: Step "s": there is no option "retry" (3); the nearest is "retryIf".'],
  ];

  it.each(WRONG)('refuses %o by name', async (options, message) => {
    const { tasks, start } = setUp();
    let calls = 0;
    tasks.tool('job', {}, async (_args, task) => text(await codeOf(() => task.step('s', options, () => (calls += 1)))));
    const result = resultOf(await ended(tasks, await start('job')));
    expect(result).toEqual(text(expect.stringContaining(message) as never));
    expect(calls).toBe(0);
    await tasks.close();
  });
});

describe('a sleep', () => {
  it('[LIFE-08] of a rerun tool that is long parks its task, due at its end, in whatever process', async () => {
    const { clock, make } = processes();
    const log: string[] = [];
    const [first, second] = [make({ parkAfterMs: 1_000 }), make()];
    for (const [name, { tasks }] of Object.entries({ first, second })) {
      tasks.tool('job', { onCrash: 'rerun', ttlMs: 24 * HOUR_MS }, async (_args, task) => {
        log.push(`${name} run ${task.attempt}`);
        await task.sleep('an hour', HOUR_MS);
        return text(`woke in ${name}`);
      });
    }
    const head = await first.start('job');
    const { createdAtMs } = head;
    await clock.advance(1_000);
    const parked = (await recordOf(first.tasks, head)).head;
    expect(parked).toMatchObject({ status: 'working', dueAtMs: createdAtMs + HOUR_MS });
    expect(parked.holder).toBeUndefined();
    expect(inspect(first.tasks)).toMatchObject({ runs: 0 });
    await first.tasks.close();
    await second.tasks.start();
    await clock.advance(HOUR_MS - 1_001);
    expect(log).toEqual(['first run 1']);
    await clock.advance(1);
    await clock.advance(0);
    expect(resultOf(await ended(second.tasks, head))).toEqual(text('woke in second'));
    expect(clock.nowMs() - createdAtMs).toBe(HOUR_MS);
    await second.tasks.close();
  });

  it('[LIFE-08] ends when it was first to end, also after a kill', async () => {
    const { clock, make } = processes();
    const [first, second] = [make(), make()];
    for (const { tasks } of [first, second]) {
      tasks.tool('job', { onCrash: 'rerun' }, async (_args, task) => {
        await task.sleep('nap', 4 * LEASE_MS);
        return text(`run ${task.attempt}`);
      });
    }
    const head = await first.start('job');
    await clock.advance(100);
    first.crash();
    await second.tasks.start();
    await clock.advance(4 * LEASE_MS - 101);
    expect((await recordOf(second.tasks, head)).head).toMatchObject({ status: 'working', attempt: 2 });
    await clock.advance(1);
    expect(resultOf(await ended(second.tasks, head))).toEqual(text('run 2'));
    await second.tasks.close();
  });

  it('[LIFE-08] of a tool that may not run again waits in its process, with its lease and without its slot', async () => {
    const { clock, make } = processes();
    const { tasks, start } = make({ executor: inProcessExecutor({ concurrency: 1 }), parkAfterMs: 1 });
    tasks.tool('job', {}, async (_args, task) => {
      await task.sleep('nap', 10 * LEASE_MS);
      return text(`run ${task.attempt}`);
    });
    tasks.tool('other', {}, () => text('in between'));
    const head = await start('job');
    await clock.advance(5 * LEASE_MS);
    expect((await recordOf(tasks, head)).head).toMatchObject({ attempt: 1, holder: expect.any(String) as string });
    expect(resultOf(await ended(tasks, await start('other')))).toEqual(text('in between'));
    await clock.advance(5 * LEASE_MS);
    expect(resultOf(await ended(tasks, head))).toEqual(text('run 1'));
    await tasks.close();
  });

  it('[LIFE-08] and a question beside it park together; the answer wakes the task before the time', async () => {
    const { clock, make } = processes();
    const { tasks, start } = make({ parkAfterMs: 1_000 });
    const runs: number[] = [];
    tasks.tool('job', { onCrash: 'rerun', ttlMs: 24 * HOUR_MS }, async (_args, task) => {
      runs.push(task.attempt);
      const asked = task.elicit('q', { message: 'Q?', schema: z.object({}) }).then(({ action }) => action);
      return text(await Promise.race([asked, task.sleep('a day', 20 * HOUR_MS).then(() => 'timeout')]));
    });
    const head = await start('job');
    await untilOpen(tasks, head, 'q');
    await clock.advance(1_000);
    expect((await recordOf(tasks, head)).head).toMatchObject({ dueAtMs: head.createdAtMs + 20 * HOUR_MS });
    await tasks.for('alice').answer(head.taskId, { q: { action: 'decline' } });
    expect(resultOf(await ended(tasks, head))).toEqual(text('decline'));
    expect(runs).toEqual([1, 2]);
    await tasks.close();
  });

  it('[LIFE-08] beyond the expiry of its task is refused at the call, and so are wrong times and names', async () => {
    const { tasks, start } = setUp();
    const codes: string[] = [];
    tasks.tool('job', { ttlMs: HOUR_MS }, async (_args, task) => {
      codes.push(await codeOf(() => task.sleep('too long', HOUR_MS)));
      for (const ms of [-1, 0.5, NaN, undefined as never]) codes.push(await codeOf(() => task.sleep(`of ${ms}`, ms)));
      await task.step('taken', () => 1);
      codes.push(await codeOf(() => task.sleep('taken', 1)));
      codes.push(await codeOf(() => task.sleep('', 1)));
      await task.sleep('none', 0);
      return text('done');
    });
    expect(resultOf(await ended(tasks, await start('job')))).toEqual(text('done'));
    expect(codes.map((code) => code.slice(0, 17))).toEqual([
      'SLEEP_TOO_LONG',
      ...Array.from({ length: 4 }, () => 'RangeError: ms mu'),
      'STEP_NAME_REUSED',
      'NAME_INVALID',
    ]);
    await tasks.close();
  });

  it('[LIFE-08] ends with its run, and waits inside a request too', async () => {
    const { clock, tasks, start } = setUp();
    let context: TaskContext | undefined;
    tasks.tool('job', {}, async (_args, task) => {
      context = task;
      await task.sleep('nap', 10_000);
      return text('slept');
    });
    const head = await start('job');
    await clock.advance(10);
    await tasks.for('alice').cancel(head.taskId);
    await clock.advance(10);
    expect(context?.signal.aborted).toBe(true);
    const inline = tasks.runInline(
      { tool: 'job', owner: 'alice', arguments: {} },
      { signal: new AbortController().signal },
    );
    await clock.advance(10_000);
    expect(await inline).toEqual(text('slept'));
    await tasks.close();
    expect(inspect(tasks)).toEqual({ runs: 0, timers: 0, waiters: 0 });
    expect(entry(await recordOf(layer().tasks, head).catch(() => ({ head, entries: [] })), 'result')).toBeUndefined();
  });
});
