import type { TaskStore } from '@mcp-tasks/store';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  type ExecutorHost,
  inProcessExecutor,
  type SubmittedTask,
  type TaskContext,
  type TaskExecutor,
  type Tasks,
} from '../../src/index.ts';
import { counted } from '../support/counted-store.ts';
import { aborted, ended, entry, gate, reasonOf, recordOf, resultOf, text, until, untilOpen } from '../support/layer.ts';
import { LEASE_MS, processes } from '../support/processes.ts';

const name = z.object({ name: z.string() });

describe('a task whose process died', () => {
  it('[DURA-02] runs again elsewhere when it may; finished steps come from the store', async () => {
    const { clock, make } = processes();
    const log: string[] = [];
    const stuck = gate();
    const register = (tasks: Tasks, process: string) =>
      tasks.tool('count', { onCrash: 'rerun' }, async (_args, task) => {
        await task.set('last', process);
        const one = await task.step('one', () => log.push(`${process} one`));
        if (process === 'first') {
          log.push('first hangs');
          await stuck.opened;
        }
        const two = await task.step('two', () => log.push(`${process} two`));
        return text(JSON.stringify([one, two, task.attempt, task.get('last')]));
      });
    const first = make();
    const second = make();
    register(first.tasks, 'first');
    register(second.tasks, 'second');
    await second.tasks.start();
    const head = await first.start('count');
    await clock.advance(100);
    expect(log).toEqual(['first one', 'first hangs']);
    first.crash();
    // The heartbeat of the first is over; its lease runs out, and the second looks at least every second.
    await clock.advance(LEASE_MS + 1_250);
    const record = await ended(second.tasks, head);
    expect(resultOf(record)).toEqual(text('[1,3,2,"second"]'));
    expect(log).toEqual(['first one', 'first hangs', 'second two']);
    // The checkpoint says that the task gets on.
    expect(record.head).toMatchObject({ attempt: 2, crashCount: 0 });
    stuck.open();
    await clock.advance(0);
    await second.tasks.close();
  });

  it('fails as interrupted when it may not run again', async () => {
    const { clock, make } = processes();
    const stuck = gate();
    const [first, second] = [make(), make()];
    for (const { tasks } of [first, second]) {
      tasks.tool('once', {}, async () => {
        await stuck.opened;
        return text('done');
      });
    }
    await second.tasks.start();
    const head = await first.start('once');
    await clock.advance(100);
    first.crash();
    await clock.advance(LEASE_MS + 1_250);
    const record = await ended(second.tasks, head);
    expect(record.head).toMatchObject({ status: 'failed', attempt: 2 });
    expect(entry(record, 'error')).toMatchObject({ code: -32603, data: { code: 'TASK_INTERRUPTED' } });
    stuck.open();
    await second.tasks.close();
  });

  it('before its first run is always safe to run', async () => {
    const { clock, make } = processes();
    const stuck = gate();
    const first = make({ executor: inProcessExecutor({ concurrency: 1 }) });
    const second = make();
    for (const { tasks } of [first, second]) {
      tasks.tool('block', {}, async () => {
        await stuck.opened;
        return text('blocked');
      });
      tasks.tool('once', {}, (_args, task) => text(`run ${task.attempt}`));
    }
    await first.start('block');
    const queued = await first.start('once');
    await clock.advance(LEASE_MS * 3);
    // A queued task has no lease that could end.
    expect((await recordOf(first.tasks, queued)).head).toMatchObject({ attempt: 0 });
    first.crash();
    await second.tasks.start();
    await clock.advance(LEASE_MS + 1_250);
    expect(resultOf(await ended(second.tasks, queued))).toEqual(text('run 1'));
    stuck.open();
    await second.tasks.close();
  });

  it('fails when it crashes maxCrashes times in a row', async () => {
    const { clock, make } = processes();
    const stuck = gate();
    const attempts: number[] = [];
    const made = [make(), make(), make(), make()];
    for (const { tasks } of made) {
      tasks.tool('poison', { onCrash: 'rerun', maxCrashes: 2 }, async (_args, task) => {
        attempts.push(task.attempt);
        await stuck.opened;
        return text('done');
      });
    }
    const [first] = made;
    if (first === undefined) throw new Error('cannot be');
    const head = await first.start('poison');
    await clock.advance(100);
    for (const [index, { crash }] of made.slice(0, 3).entries()) {
      crash();
      await made[index + 1]?.tasks.start();
      await clock.advance(LEASE_MS + 1_250);
    }
    const last = made[3]?.tasks;
    if (last === undefined) throw new Error('cannot be');
    const record = await ended(last, head);
    expect(attempts).toEqual([1, 2]);
    expect(record.head).toMatchObject({ status: 'failed', attempt: 3 });
    expect(JSON.stringify(entry(record, 'error'))).toContain('2 times in a row');
    stuck.open();
    await last.close();
  });
});

describe('a run that lost its lease', () => {
  it('[DURA-03] writes nothing, and hears of it', async () => {
    const { clock, make } = processes();
    const stuck = gate();
    let old: TaskContext | undefined;
    const first = make();
    const second = make();
    first.tasks.tool('slow', { onCrash: 'rerun' }, async (_args, task) => {
      old = task;
      await stuck.opened;
      return text('from the first');
    });
    second.tasks.tool('slow', { onCrash: 'rerun' }, async (_args, task) => {
      await task.set('by', 'second');
      await task.elicit('a', { message: 'A?', schema: name });
      return text('from the second');
    });
    await second.tasks.start();
    const head = await first.start('slow');
    await clock.advance(100);
    first.crash();
    await clock.advance(LEASE_MS + 1_250);
    await untilOpen(second.tasks, head, 'a');
    first.revive();
    await expect(old?.set('by', 'first')).rejects.toMatchObject({ code: 'RUN_ENDED' });
    expect(old?.signal.reason).toMatchObject({ details: { reason: 'lease-lost' } });
    stuck.open();
    await clock.advance(0);
    const record = await recordOf(second.tasks, head);
    expect(record.head).toMatchObject({ status: 'input_required', attempt: 2 });
    expect(entry(record, 'variable', 'by')).toBe('second');
    await Promise.all([first.tasks.close(), second.tasks.close({ drainMs: 0 })]);
  });

  it('hears of a cancel in another process at its next heartbeat at the latest', async () => {
    const { clock, store, make } = processes();
    // Neither a watch nor, for the first second, a tick of the waiter hub.
    const unwatched: TaskStore = counted(store).store;
    delete unwatched.watch;
    const { tasks } = make({ store: unwatched, leaseMs: 900 });
    const other = make();
    const reasons: unknown[] = [];
    tasks.tool('wait', {}, async (_args, task) => {
      await aborted(task.signal);
      reasons.push(reasonOf(task.signal));
      return text('too late');
    });
    const head = await tasks.startTask({ tool: 'wait', owner: 'alice', arguments: {} });
    await clock.advance(0);
    await other.tasks.for('alice').cancel(head.taskId);
    await clock.advance(299);
    expect(reasons).toEqual([]);
    await clock.advance(1);
    expect(reasons).toEqual(['cancelled']);
    await Promise.all([tasks.close(), other.tasks.close()]);
  });
});

describe('several processes on one store', () => {
  it('[DURA-05] cancel, answer and result work from another process', async () => {
    const { make } = processes();
    const [first, second] = [make(), make()];
    const reason = gate<unknown>();
    first.tasks.tool('ask', {}, async (_args, task) => {
      const answer = await task.elicit('a', { message: 'A?', schema: name });
      return text(answer.action);
    });
    first.tasks.tool('wait', {}, async (_args, task) => {
      await aborted(task.signal);
      reason.open(reasonOf(task.signal));
      return text('too late');
    });
    const asking = await first.start('ask');
    await untilOpen(second.tasks, asking, 'a');
    await second.tasks.for('alice').answer(asking.taskId, { a: { action: 'decline' } });
    expect(resultOf(await ended(second.tasks, asking))).toEqual(text('decline'));
    const waiting = await first.start('wait');
    await until(second.tasks, waiting, ({ attempt }) => attempt === 1);
    await second.tasks.for('alice').cancel(waiting.taskId);
    expect(await reason.opened).toBe('cancelled');
    await Promise.all([first.tasks.close(), second.tasks.close()]);
  });

  it('[DURA-07] that find the same due tasks run each once', async () => {
    const { clock, make } = processes();
    const runs = new Map<string, number>();
    const dead = make({ executor: inProcessExecutor({ concurrency: 1 }) });
    const stuck = gate();
    dead.tasks.tool('job', { onCrash: 'rerun' }, async () => {
      await stuck.opened;
      return text('never');
    });
    const heads = await Promise.all(Array.from({ length: 30 }, () => dead.start('job')));
    await clock.advance(0);
    dead.crash();
    await clock.advance(LEASE_MS);
    const living = [make(), make(), make()];
    for (const { tasks } of living) {
      tasks.tool('job', { onCrash: 'rerun' }, (_args, task) => {
        runs.set(task.id, (runs.get(task.id) ?? 0) + 1);
        return text('done');
      });
    }
    await Promise.all(living.map(({ tasks }) => tasks.start()));
    for (const head of heads) {
      const [reader] = living;
      if (reader !== undefined) expect(resultOf(await ended(reader.tasks, head))).toEqual(text('done'));
    }
    expect([...runs.values()]).toEqual(heads.map(() => 1));
    await Promise.all(living.map(({ tasks }) => tasks.close()));
    stuck.open();
  });

  it('adopt no more tasks than they have free slots, and more as soon as one is free', async () => {
    const { clock, make } = processes();
    const dead = make();
    const stuck = gate();
    dead.tasks.tool('job', { onCrash: 'rerun' }, async () => {
      await stuck.opened;
      return text('never');
    });
    const heads = await Promise.all(Array.from({ length: 5 }, () => dead.start('job')));
    await clock.advance(0);
    dead.crash();
    await clock.advance(LEASE_MS);
    const living = make({ executor: inProcessExecutor({ concurrency: 2, maxRunningPerOwner: 2 }) });
    const gates: (() => void)[] = [];
    living.tasks.tool('job', { onCrash: 'rerun' }, async () => {
      const { opened, open } = gate();
      gates.push(open);
      await opened;
      return text('done');
    });
    await living.tasks.start();
    await clock.advance(0);
    expect(gates).toHaveLength(2);
    for (let n = 3; n <= 5; n++) {
      gates[n - 3]?.();
      await clock.advance(0);
      expect(gates).toHaveLength(n);
    }
    for (const open of gates) open();
    for (const head of heads) await ended(living.tasks, head);
    await living.tasks.close();
    stuck.open();
  });

  it('are not held up by tasks that cannot be read', async () => {
    const { clock, store, make } = processes();
    const dead = make();
    const stuck = gate();
    dead.tasks.tool('job', { onCrash: 'rerun' }, async () => {
      await stuck.opened;
      return text('never');
    });
    const broken = await Promise.all([dead.start('job'), dead.start('job')]);
    await clock.advance(0);
    const whole = await dead.start('job');
    await clock.advance(0);
    dead.crash();
    await clock.advance(LEASE_MS);
    const living = make({ executor: inProcessExecutor({ concurrency: 1 }) });
    for (const { taskId } of broken) {
      const [record] = await store.get({ taskIds: [taskId], kinds: [], nowMs: clock.nowMs() });
      if (record === undefined) throw new Error('cannot be');
      const put = [{ kind: 'call' as const, name: '', value: 'spoilt' }];
      const update = { taskId, expected: record.head, writeId: 'spoilt', patch: { head: {}, put } };
      await store.update({ ...update, nowMs: clock.nowMs() });
    }
    living.tasks.tool('job', { onCrash: 'rerun' }, () => text('recovered'));
    await living.tasks.start();
    await clock.advance(LEASE_MS - 1);
    expect((await living.tasks.for('alice').get(whole.taskId)).head.status).toBe('completed');
    expect(living.errors).toHaveLength(2);
    await living.tasks.close();
    stuck.open();
  });

  it('leave alone the tasks of handlers that they do not have', async () => {
    const { clock, make } = processes();
    const [first, second] = [make(), make()];
    const stuck = gate();
    first.tasks.tool('mine', { onCrash: 'rerun' }, async () => {
      await stuck.opened;
      return text('never');
    });
    second.tasks.tool('other', {}, () => text('other'));
    const head = await first.start('mine');
    await clock.advance(0);
    first.crash();
    await second.tasks.start();
    await clock.advance(LEASE_MS * 5);
    expect((await recordOf(second.tasks, head)).head).toMatchObject({ status: 'working', attempt: 1 });
    await second.tasks.close();
    stuck.open();
  });
});

describe('an executor that runs tasks elsewhere', () => {
  it('[SCAL-01] has them stored as due in its queue, held by no process, and the claim decides who runs one', async () => {
    const { clock, make } = processes();
    const submitted: SubmittedTask[] = [];
    const hosts: ExecutorHost[] = [];
    const executor = (): TaskExecutor => ({
      queue: 'engine',
      start: async (host) => void hosts.push(host),
      submit: async (task) => void submitted.push(task),
      drain: () => undefined,
      close: async () => undefined,
    });
    const requests: string[] = [];
    const sender = make({ executor: executor() });
    const worker = make({ executor: executor(), authorize: ({ via }) => void requests.push(via) });
    const builtIn = make();
    for (const { tasks } of [sender, worker, builtIn])
      tasks.tool('job', {}, (_args, task) => text(`run ${task.attempt}`));
    const head = await sender.start('job');
    expect(head).toMatchObject({ attempt: 0, queue: 'engine', dueAtMs: head.createdAtMs });
    expect(head.holder).toBeUndefined();
    const { taskId, owner, createdAtMs: notBeforeMs } = head;
    expect(submitted).toEqual([{ taskId, owner, handler: 'job', queue: 'engine', wake: 1, notBeforeMs }]);
    await Promise.all([worker.tasks.start(), builtIn.tasks.start()]);
    await clock.advance(2_000);
    expect((await recordOf(builtIn.tasks, head)).head.attempt).toBe(0);
    const slot = { release: () => undefined, reacquire: async () => undefined };
    const [task] = submitted;
    if (task === undefined) throw new Error('cannot be');
    // Delivered twice, to two processes.
    await Promise.all(hosts.flatMap((host) => [host.run(task, slot), host.run(task, slot)]));
    expect(resultOf(await ended(worker.tasks, head))).toEqual(text('run 1'));
    expect(requests.length).toBeLessThan(2);
    await Promise.all([sender, worker, builtIn].map(({ tasks }) => tasks.close()));
  });

  it('[SCAL-01] gets a task again whose submission was lost, and its failures are told', async () => {
    const { clock, make } = processes();
    const submitted: string[] = [];
    const { tasks, start, errors } = make({
      executor: {
        queue: 'engine',
        start: async () => undefined,
        submit: async ({ taskId }) => {
          submitted.push(taskId);
          if (submitted.length === 1) throw new Error('the engine is away');
        },
        drain: () => undefined,
        close: async () => undefined,
      },
    });
    tasks.tool('job', {}, () => text('done'));
    const { taskId } = await start('job');
    await clock.advance(20_000);
    expect(submitted).toEqual([taskId]);
    expect(errors).toEqual([new Error('the engine is away')]);
    await clock.advance(60_000);
    expect(submitted.slice(0, 2)).toEqual([taskId, taskId]);
    await tasks.close();
  });
});

describe('a later run', () => {
  it('reads what earlier ones stored, and reports progress only beyond theirs', async () => {
    const { clock, make } = processes();
    const stuck = gate();
    const [first, second] = [make(), make()];
    first.tasks.tool('job', { onCrash: 'rerun' }, async (_args, task) => {
      await Promise.all([task.set('kept', { a: 1 }), task.publish('shown', 1)]);
      task.progress(5, 10, 'half');
      await stuck.opened;
      return text('never');
    });
    second.tasks.tool('job', { onCrash: 'rerun' }, async (_args, task) => {
      task.progress(1, 10, 'begun again');
      await task.set('seen', task.get('kept') ?? null);
      const { progress } = (await second.tasks.for('alice').get(task.id)).head;
      task.progress(6, 10, 'further');
      return text(JSON.stringify(progress));
    });
    await second.tasks.start();
    const head = await first.start('job');
    await clock.advance(300);
    first.crash();
    await clock.advance(LEASE_MS + 1_250);
    const record = await ended(second.tasks, head);
    expect(resultOf(record)).toEqual(text('{"done":5,"total":10,"message":"half"}'));
    expect(record.head.progress).toEqual({ done: 6, total: 10, message: 'further' });
    expect(entry(record, 'variable', 'seen')).toEqual({ a: 1 });
    expect(entry(record, 'published', 'shown')).toBe(1);
    await second.tasks.close();
    stuck.open();
  });
});

describe('authorize', () => {
  it('runs before every later run, and a refusal fails the task', async () => {
    const { clock, make } = processes();
    const requests: unknown[] = [];
    const stuck = gate();
    const first = make({ authorize: (request) => void requests.push(request) });
    const second = make({
      authorize: (request) => {
        requests.push(request);
        throw new Error('no longer allowed');
      },
    });
    for (const { tasks } of [first, second]) {
      tasks.tool('job', { onCrash: 'rerun' }, async () => {
        await stuck.opened;
        return text('never');
      });
    }
    await second.tasks.start();
    const head = await first.tasks.startTask({
      tool: 'job',
      owner: 'alice',
      caller: { role: 'x' },
      arguments: { a: 1 },
    });
    await clock.advance(0);
    first.crash();
    await clock.advance(LEASE_MS + 1_250);
    const record = await ended(second.tasks, head);
    expect(entry(record, 'error')).toEqual({ code: -32602, message: 'Tool "job" may not run: no longer allowed.' });
    const request = { owner: 'alice', caller: { role: 'x' }, tool: 'job', arguments: { a: 1 } };
    expect(requests).toEqual([
      { ...request, via: 'call' },
      { ...request, via: 'rerun' },
    ]);
    await second.tasks.close();
    stuck.open();
  });

  it('refuses a call before anything is stored, also inline', async () => {
    const { make } = processes();
    const { tasks, start, calls } = make({
      authorize: async () => {
        throw new Error('not allowed');
      },
    });
    tasks.tool('job', {}, () => text('done'));
    await expect(start('job')).rejects.toThrow('not allowed');
    const inline = tasks.runInline(
      { tool: 'job', owner: 'alice', arguments: {} },
      { signal: new AbortController().signal },
    );
    await expect(inline).rejects.toThrow('not allowed');
    expect(calls.create).toBe(0);
    await tasks.close();
  });
});
