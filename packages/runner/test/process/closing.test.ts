import { memoryStore, TaskError, type TaskStore } from '@mcp-tasks/store';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createTasks, inProcessExecutor } from '../../src/index.ts';
import { inspect } from '../../src/testing.ts';
import { counted } from '../support/counted-store.ts';
import { ended, entry, gate, recordOf, resultOf, text, until, untilOpen } from '../support/layer.ts';
import { processes } from '../support/processes.ts';

const name = z.object({ name: z.string() });

describe('closing', () => {
  it('leaves queued tasks to others, gives rerun tasks back at the deadline, and lets a fail run end until then', async () => {
    const { clock, make } = processes();
    const first = make({ executor: inProcessExecutor({ concurrency: 3, maxRunningPerOwner: 3 }) });
    const second = make();
    const finish = gate();
    const stuck = gate();
    first.tasks.tool('quick', {}, async () => {
      await finish.opened;
      return text('in time');
    });
    for (const [tool, onCrash] of [
      ['fails', 'fail'],
      ['again', 'rerun'],
    ] as const) {
      first.tasks.tool(tool, { onCrash }, async (_args, task) => {
        await task.set('began', true);
        await stuck.opened;
        return text('too late');
      });
    }
    first.tasks.tool('queued', {}, () => text('in the first'));
    second.tasks.tool('again', { onCrash: 'rerun' }, (_args, task) => text(`run ${task.attempt} in the second`));
    second.tasks.tool('queued', {}, (_args, task) => text(`run ${task.attempt} in the second`));
    const quick = await first.start('quick');
    const fails = await first.start('fails');
    const again = await first.start('again');
    const queued = await first.start('queued');
    await clock.advance(100);

    const closed = first.tasks.close({ drainMs: 5_000 });
    const again2 = first.tasks.close();
    await expect(first.start('quick')).rejects.toMatchObject({ code: 'STORE_CLOSED' });
    await second.tasks.start();
    await clock.advance(1_250);
    expect(resultOf(await ended(second.tasks, queued))).toEqual(text('run 1 in the second'));
    expect((await recordOf(second.tasks, again)).head).toMatchObject({ attempt: 1, status: 'working' });
    finish.open();
    await clock.advance(3_749);
    expect(resultOf(await recordOf(second.tasks, quick))).toEqual(text('in time'));
    expect((await recordOf(second.tasks, fails)).head.status).toBe('working');
    await clock.advance(1);
    const interrupted = await recordOf(second.tasks, fails);
    expect(entry(interrupted, 'error')).toMatchObject({ code: -32603, data: { code: 'TASK_INTERRUPTED' } });
    const taken = await ended(second.tasks, again);
    expect(resultOf(taken)).toEqual(text('run 2 in the second'));
    expect(taken.head.crashCount).toBe(0);
    stuck.open();
    await clock.advance(5_000);
    await closed;
    await again2;
    expect(inspect(first.tasks)).toEqual({ runs: 0, timers: 0, waiters: 0 });
    await second.tasks.close();
  });

  it('lets owners look, answer and fetch results until the runs have had their time', async () => {
    const { make } = processes();
    const { tasks, start } = make();
    tasks.tool('ask', { onCrash: 'fail' }, async (_args, task) => {
      const answer = await task.elicit('a', { message: 'A?', schema: name });
      return text(answer.action);
    });
    const head = await start('ask');
    await untilOpen(tasks, head, 'a');
    const closed = tasks.close({ drainMs: 60_000 });
    const result = ended(tasks, head);
    await tasks.for('alice').answer(head.taskId, { a: { action: 'decline' } });
    expect(resultOf(await result)).toEqual(text('decline'));
    await closed;
    await expect(tasks.for('alice').get(head.taskId)).rejects.toMatchObject({ code: 'STORE_CLOSED' });
  });

  it('parks at once the rerun tasks that wait at a question', async () => {
    const { make } = processes();
    const { tasks, start } = make();
    tasks.tool('ask', { onCrash: 'rerun' }, async (_args, task) => {
      await task.elicit('a', { message: 'A?', schema: name });
      return text('done');
    });
    const head = await start('ask');
    await untilOpen(tasks, head, 'a');
    const other = make();
    await tasks.close({ drainMs: 60_000 });
    expect((await recordOf(other.tasks, head)).head).toMatchObject({ dueAtMs: null, status: 'input_required' });
    await other.tasks.close();
  });

  it('tells callers that wait for a task', async () => {
    const { make } = processes();
    const { tasks, start } = make();
    const stuck = gate();
    tasks.tool('stuck', {}, async () => {
      await stuck.opened;
      return text('never');
    });
    const head = await start('stuck');
    const waiting = until(tasks, head, ({ status }) => status === 'completed');
    const seen: unknown[] = [];
    tasks.for('alice').watch(head.taskId, (now) => seen.push(now?.status));
    stuck.open();
    await waiting;
    const forever = until(tasks, head, () => false);
    const refused = expect(forever).rejects.toMatchObject({ code: 'STORE_CLOSED' });
    await tasks.close();
    await refused;
    expect(inspect(tasks)).toEqual({ runs: 0, timers: 0, waiters: 0 });
    expect(seen).toContain('completed');
  });

  it('closes the store that start opened or that nobody handed over, and no other', async () => {
    let opened = 0;
    let closed = 0;
    const inner = memoryStore();
    const openable: TaskStore = Object.assign(counted(inner).store, {
      open: async () => {
        if (++opened === 1) throw new TaskError('STORE_UNAVAILABLE', 'not yet', { retryable: true });
      },
      close: async () => {
        closed++;
      },
    });
    const unopened = createTasks({ store: openable });
    await expect(unopened.start()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await unopened.close();
    expect(closed).toBe(0);
    opened = 0;
    const tasks = createTasks({ store: openable });
    await expect(tasks.start()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await Promise.all([tasks.start(), tasks.start()]);
    expect(opened).toBe(2);
    await tasks.close();
    await tasks.close();
    expect(closed).toBe(1);
    await expect(tasks.start()).rejects.toMatchObject({ code: 'STORE_CLOSED' });

    const shared = memoryStore();
    const one = createTasks({ store: shared });
    await one.start();
    await one.close();
    await expect(shared.get({ taskIds: [], kinds: [], nowMs: 0 })).resolves.toEqual([]);
  });
});

describe('the sweep', () => {
  it('[INTG-09] removes expired tasks in bounded batches', async () => {
    const { clock, store, make } = processes();
    const { tasks, start, interference } = make({
      sweepIntervalMs: 60_000,
      leaseMs: 600_000,
      limits: { maxStoredTasks: 600, maxActiveTasks: 600 },
    });
    tasks.tool('job', {}, () => text('done'));
    const heads = await Promise.all(Array.from({ length: 600 }, () => start('job')));
    for (const head of heads) await ended(tasks, head);
    const sweeps: { readonly nowMs: number; readonly limit: number }[] = [];
    interference.before = (method, input) => {
      if (method === 'deleteExpired') sweeps.push(input as { nowMs: number; limit: number });
    };
    await clock.advance(3_600_000 + 75_000);
    expect((await tasks.for('alice').list()).heads).toEqual([]);
    expect(await store.deleteExpired({ nowMs: clock.nowMs(), limit: 1_000 })).toEqual([]);
    expect(new Set(sweeps.map(({ limit }) => limit))).toEqual(new Set([500]));
    // One sweep found all of them: 500, then 100.
    const instants = sweeps.map(({ nowMs }) => nowMs);
    expect(instants.length - new Set(instants).size).toBe(1);
    await tasks.close();
  });
});
