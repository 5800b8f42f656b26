import { type ClaimTasks, TaskError, type TaskHead } from '@mcp-tasks/store';
import { describe, expect, it } from 'vitest';
import { inProcessExecutor, type Tasks } from '../../src/index.ts';
import { inspect } from '../../src/testing.ts';
import { ended, entry, gate, recordOf, resultOf, text } from '../support/layer.ts';
import { LEASE_MS, processes } from '../support/processes.ts';

/** A tool whose runs go on until the test ends them, in the order in which they began. */
function gated(tasks: Tasks, name = 'job') {
  const begun: string[] = [];
  const gates: (() => void)[] = [];
  tasks.tool(name, { onCrash: 'rerun' }, async (_args, task) => {
    begun.push(task.owner);
    const { opened, open } = gate();
    gates.push(open);
    await opened;
    return text(`run ${task.attempt}`);
  });
  return {
    begun,
    endAll: () => {
      for (const open of gates.splice(0)) open();
    },
    endFirst: () => gates.shift()?.(),
  };
}

const callOf = (owner: string, tool = 'job') => ({ tool, owner, arguments: {} });

describe('a task that is created', () => {
  it('[LIFE-09] is claimed in the same write where a slot is free: two writes and no claim for its life', async () => {
    const { clock, make } = processes();
    const { tasks, calls } = make();
    tasks.tool('quick', {}, () => text('done'));
    await tasks.start();
    const claims = calls.claim;
    const head = await tasks.startTask(callOf('alice', 'quick'));
    expect(head).toMatchObject({ attempt: 1, dueAtMs: clock.nowMs() + LEASE_MS });
    expect(resultOf(await ended(tasks, head))).toEqual(text('done'));
    expect([calls.create, calls.update, calls.claim - claims]).toEqual([1, 1, 0]);
    await tasks.close();
  });

  it('[LIFE-09] waits in the store for a slot, held by no process, and runs in whichever has one', async () => {
    const { clock, make } = processes();
    const serving = make({ executor: inProcessExecutor({ concurrency: 0 }) });
    const worker = make();
    for (const { tasks } of [serving, worker]) tasks.tool('job', {}, (_args, task) => text(`run ${task.attempt}`));
    const head = await serving.tasks.startTask(callOf('alice'));
    expect(head).toMatchObject({ attempt: 0, dueAtMs: head.createdAtMs });
    expect(head.holder).toBeUndefined();
    await clock.advance(60_000);
    expect((await recordOf(serving.tasks, head)).head.attempt).toBe(0);
    await worker.tasks.start();
    expect(resultOf(await ended(serving.tasks, head))).toEqual(text('run 1'));
    // By a hint, with no time passing.
    const second = await serving.tasks.startTask(callOf('alice'));
    expect(resultOf(await ended(serving.tasks, second))).toEqual(text('run 1'));
    await Promise.all([serving.tasks.close(), worker.tasks.close()]);
    expect(inspect(worker.tasks)).toEqual({ runs: 0, timers: 0, waiters: 0 });
  });

  it('[LIFE-09] is found within a second by a process that gets no hints', async () => {
    const { clock, make } = processes();
    const serving = make({ executor: inProcessExecutor({ concurrency: 0 }) });
    const worker = make();
    worker.unwatch();
    for (const { tasks } of [serving, worker]) tasks.tool('job', {}, () => text('done'));
    await worker.tasks.start();
    const head = await serving.tasks.startTask(callOf('alice'));
    await clock.advance(1_000);
    expect((await recordOf(serving.tasks, head)).head.status).toBe('completed');
    await Promise.all([serving.tasks.close(), worker.tasks.close()]);
  });

  it('[LIFE-03] and whose create was given up is cancelled in the background', async () => {
    const { clock, store, make } = processes();
    const { tasks, interference } = make();
    tasks.tool('job', {}, () => text('done'));
    await tasks.start();
    let given: string | undefined;
    interference.after = (method, input) => {
      if (method !== 'create') return;
      given = (input as { head: TaskHead }).head.taskId;
      throw new TaskError('STORE_UNAVAILABLE', 'the answer is lost', { retryable: true });
    };
    const created = tasks.startTask(callOf('alice')).catch((error: unknown) => error);
    await clock.advance(2_000);
    expect(await created).toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true });
    await clock.advance(1_000);
    const [record] = await store.get({ taskIds: [given ?? ''], kinds: [], nowMs: clock.nowMs() });
    expect(record?.head.status).toBe('cancelled');
    await tasks.close();
  });
});

describe('the slots of a process', () => {
  it("[LIFE-05] leave room for others: one owner gets half of them, and another owner's task begins at once", async () => {
    const { clock, make } = processes();
    const { tasks } = make({ executor: inProcessExecutor({ concurrency: 4 }) });
    const { begun, endFirst, endAll } = gated(tasks);
    await tasks.start();
    for (let number = 0; number < 20; number += 1) await tasks.startTask(callOf('alice'));
    await clock.advance(0);
    expect(begun).toEqual(['alice', 'alice']);
    await tasks.startTask(callOf('bob'));
    await clock.advance(0);
    expect(begun).toEqual(['alice', 'alice', 'bob']);
    endFirst();
    await clock.advance(0);
    expect(begun.slice(3)).toEqual(['alice']);
    for (let round = 0; round < 20; round += 1) {
      endAll();
      await clock.advance(0);
    }
    expect(begun).toHaveLength(21);
    await tasks.close();
  });

  it('[LIFE-05] are given to owners in turn, however many tasks one of them has due', async () => {
    const { clock, make } = processes();
    const serving = make({ executor: inProcessExecutor({ concurrency: 0 }) });
    const worker = make({ executor: inProcessExecutor({ concurrency: 1 }), graceMs: 0 });
    gated(serving.tasks);
    const { begun, endFirst } = gated(worker.tasks);
    for (let number = 0; number < 50; number += 1) await serving.tasks.startTask(callOf('alice'));
    for (const owner of ['bob', 'carol']) await serving.tasks.startTask(callOf(owner));
    await worker.tasks.start();
    for (let number = 0; number < 5; number += 1) {
      await clock.advance(0);
      endFirst();
    }
    await clock.advance(0);
    expect(begun).toEqual(['alice', 'bob', 'carol', 'alice', 'alice', 'alice']);
    await Promise.all([serving.tasks.close(), worker.tasks.close({ drainMs: 0 })]);
  });

  it('[LIFE-05] are filled with one claim for each task, by 8 processes as by one', async () => {
    const { clock, make } = processes();
    const serving = make({ executor: inProcessExecutor({ concurrency: 0 }) });
    serving.tasks.tool('job', {}, () => text('done'));
    const heads = await Promise.all(
      Array.from({ length: 400 }, (_, number) => serving.tasks.startTask(callOf(`owner ${number % 40}`))),
    );
    const runs = new Map<string, number>();
    let claimed = 0;
    const workers = Array.from({ length: 8 }, () => {
      const worker = make();
      worker.tasks.tool('job', {}, (_args, task) => {
        runs.set(task.id, (runs.get(task.id) ?? 0) + 1);
        return text('done');
      });
      worker.interference.answered = (method, answer) => {
        if (method === 'claim') claimed += (answer as { records: unknown[] }).records.length;
      };
      return worker;
    });
    await Promise.all(workers.map(({ tasks }) => tasks.start()));
    for (let round = 0; round < 50 && runs.size < heads.length; round += 1) await clock.advance(0);
    expect([...runs.values()].every((count) => count === 1)).toBe(true);
    expect([runs.size, claimed]).toEqual([heads.length, heads.length]);
    // Idle now: a claim a second at most, and with hints far fewer.
    const claims = () => workers.reduce((sum, { calls }) => sum + calls.claim, 0);
    const before = claims();
    await clock.advance(60_000);
    expect(claims() - before).toBeLessThanOrEqual(8 * 8);
    await Promise.all([serving, ...workers].map(({ tasks }) => tasks.close()));
  });
});

describe('a claim', () => {
  it('[LIFE-03] whose answer is lost is sent again, and its task runs once, as its first run', async () => {
    const { clock, make } = processes();
    const serving = make({ executor: inProcessExecutor({ concurrency: 0 }) });
    const worker = make();
    let runs = 0;
    for (const { tasks } of [serving, worker]) {
      tasks.tool('job', { onCrash: 'fail' }, (_args, task) => {
        runs += 1;
        return text(`run ${task.attempt}`);
      });
    }
    await worker.tasks.start();
    let lost = 0;
    worker.interference.answered = (method, answer) => {
      const isClaimed = method === 'claim' && (answer as { records: unknown[] }).records.length > 0;
      if (!isClaimed || lost > 3) return;
      lost += 1;
      throw new TaskError('STORE_UNAVAILABLE', 'the answer is lost', { retryable: true });
    };
    const head = await serving.tasks.startTask(callOf('alice'));
    // Less than a lease.
    await clock.advance(LEASE_MS - 500);
    expect(resultOf(await recordOf(serving.tasks, head))).toEqual(text('run 1'));
    expect([runs, lost]).toEqual([1, 4]);
    await Promise.all([serving.tasks.close(), worker.tasks.close()]);
  });

  it('[LIFE-03] of which nothing was heard in time is taken up by its own process, without a crash', async () => {
    const { clock, make } = processes();
    const serving = make({ executor: inProcessExecutor({ concurrency: 0 }) });
    const worker = make();
    for (const { tasks } of [serving, worker]) tasks.tool('job', {}, (_args, task) => text(`run ${task.attempt}`));
    await worker.tasks.start();
    let isAway = true;
    worker.interference.answered = (method) => {
      if (isAway && method === 'claim') throw new TaskError('STORE_UNAVAILABLE', 'lost', { retryable: true });
    };
    const head = await serving.tasks.startTask(callOf('alice'));
    await clock.advance(LEASE_MS - 1);
    expect((await recordOf(serving.tasks, head)).head).toMatchObject({ attempt: 1, status: 'working' });
    isAway = false;
    await clock.advance(2_000);
    const record = await recordOf(serving.tasks, head);
    expect(record.head).toMatchObject({ status: 'completed', crashCount: 0 });
    expect(resultOf(record)).toEqual(text('run 2'));
    await Promise.all([serving.tasks.close(), worker.tasks.close()]);
  });

  it('[LIFE-05] names what the process may take: its tools, its free slots, its owners, and one suspect', async () => {
    const { make } = processes();
    const { tasks, interference } = make({ executor: inProcessExecutor({ concurrency: 3 }), maxCrashes: 4 });
    tasks.tool('fails', {}, () => text('done'));
    tasks.tool('again', { onCrash: 'rerun' }, () => text('done'));
    tasks.tool('once', { onCrash: 'rerun', maxCrashes: 1 }, () => text('done'));
    const claims: ClaimTasks[] = [];
    interference.before = (method, input) => {
      if (method === 'claim') claims.push(input as ClaimTasks);
    };
    await tasks.start();
    expect(claims).toHaveLength(1);
    expect(claims[0]).toMatchObject({
      handlers: [
        { name: 'fails', suspectCrashCount: undefined },
        { name: 'again', suspectCrashCount: 3 },
        { name: 'once', suspectCrashCount: 1 },
      ],
      queues: [''],
      limit: 3,
      perOwner: 2,
      owners: [],
      suspects: 1,
      takesLostRuns: true,
      leaseMs: LEASE_MS,
    });
    await tasks.close();
  });
});

describe('a task that kills its process', () => {
  it('[LIFE-06] fails alone: its neighbours run to their end', async () => {
    const { clock, make } = processes();
    const serving = make({ executor: inProcessExecutor({ concurrency: 0 }) });
    let worker = make();
    const made = [worker];
    const register = (tasks: Tasks, kill: () => void) => {
      tasks.tool('poison', { onCrash: 'rerun' }, async (_args, task) => {
        kill();
        await gate().opened;
        return text(`run ${task.attempt}`);
      });
      tasks.tool('good', { onCrash: 'rerun' }, async (_args, task) => {
        await new Promise<void>((resolve) => tasks.clock.after(200, resolve));
        return text(`run ${task.attempt}`);
      });
    };
    register(serving.tasks, () => undefined);
    const heads = await Promise.all(
      Array.from({ length: 15 }, (_, number) =>
        serving.tasks.startTask(callOf(`owner ${number}`, number === 7 ? 'poison' : 'good')),
      ),
    );
    const begin = async () => {
      register(worker.tasks, () => {
        worker.crash();
        // The next process begins when the leases of this one have ended.
        tasksToBegin += 1;
      });
      await worker.tasks.start();
    };
    let tasksToBegin = 0;
    await begin();
    for (let passedMs = 0; passedMs < 20 * LEASE_MS; passedMs += 100) {
      await clock.advance(100);
      if (tasksToBegin === 0) continue;
      tasksToBegin = 0;
      await clock.advance(LEASE_MS);
      worker = make();
      made.push(worker);
      await begin();
    }
    const ends = await Promise.all(heads.map((head) => recordOf(serving.tasks, head)));
    const failed = ends.filter(({ head }) => head.status === 'failed');
    expect(failed.map(({ head }) => head.handler)).toEqual(['poison']);
    const errors = failed.map((record) => JSON.stringify(entry(record, 'error')));
    expect(errors).toEqual([expect.stringContaining('3 times')]);
    expect(ends.filter(({ head }) => head.status === 'completed')).toHaveLength(14);
    // Three that the poison ended, and the one that went on.
    expect(made).toHaveLength(4);
    await Promise.all([serving.tasks.close(), worker.tasks.close()]);
  });
});
