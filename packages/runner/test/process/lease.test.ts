import { TaskError, type TaskStore } from '@mcp-tasks/store';
import { describe, expect, it } from 'vitest';
import { inProcessExecutor } from '../../src/index.ts';
import { counted } from '../support/counted-store.ts';
import { aborted, ended, entry, gate, reasonOf, resultOf, text } from '../support/layer.ts';
import { LEASE_MS, processes } from '../support/processes.ts';

const codeOf = (error: unknown) => (TaskError.is(error) ? error.code : String(error));
const unavailable = () => new TaskError('STORE_UNAVAILABLE', 'the store is away', { retryable: true });

describe('a run whose process cannot reach the store', () => {
  it.each(['fails', 'hangs'] as const)(
    '[LIFE-02] ends with its lease, by the clock of its process, while the store %s',
    async (how) => {
      const { clock, make } = processes();
      const { tasks, start, interference } = make();
      const heard = gate<unknown>();
      const log: string[] = [];
      tasks.tool('slow', { onCrash: 'rerun' }, async (_args, task) => {
        if (task.attempt > 1) return text(`run ${task.attempt}`);
        task.signal.addEventListener('abort', () => {
          heard.open(reasonOf(task.signal));
        });
        await heard.opened;
        await task.step('after', () => log.push('began')).catch((error: unknown) => log.push(codeOf(error)));
        return text('too late');
      });
      const head = await start('slow');
      await clock.advance(100);
      let isAway = true;
      const held: (() => void)[] = [];
      interference.before = () => {
        if (!isAway) return;
        if (how === 'fails') throw unavailable();
        return new Promise<void>((resolve) => held.push(resolve));
      };
      await clock.advance(LEASE_MS * 0.95 - 101);
      expect(log).toEqual([]);
      await clock.advance(1);
      expect(await heard.opened).toBe('lease-lost');
      await clock.advance(0);
      expect(log).toEqual(['RUN_ENDED']);
      isAway = false;
      for (const letGo of held) letGo();
      await clock.advance(2 * LEASE_MS);
      expect(resultOf(await ended(tasks, head))).toEqual(text('run 2'));
      await tasks.close();
    },
  );

  it('[LIFE-02] keeps its lease when one heartbeat hangs: the next is sent all the same', async () => {
    const { clock, make } = processes();
    const { tasks, start, interference, calls } = make();
    const finish = gate();
    tasks.tool('slow', {}, async (_args, task) => {
      await finish.opened;
      return text(`run ${task.attempt}`);
    });
    const head = await start('slow');
    await clock.advance(100);
    let isFirst = true;
    interference.before = (method) => {
      if (method !== 'renew' || !isFirst) return;
      isFirst = false;
      return new Promise<void>(() => undefined);
    };
    await clock.advance(4 * LEASE_MS);
    expect(calls.renew).toBeGreaterThan(8);
    finish.open();
    expect(resultOf(await ended(tasks, head))).toEqual(text('run 1'));
    await tasks.close();
  });

  it('[LIFE-02] that ends its task when the store is back finds out who won', async () => {
    const { clock, make } = processes();
    const cut = make();
    const other = make();
    for (const { tasks } of [cut, other]) {
      tasks.tool('slow', { onCrash: 'rerun' }, async (_args, task) => {
        if (task.attempt === 1) await aborted(task.signal);
        return text(`run ${task.attempt}`);
      });
    }
    const head = await cut.start('slow');
    await other.tasks.start();
    cut.interference.before = () => {
      throw unavailable();
    };
    await clock.advance(2 * LEASE_MS + 1_250);
    cut.revive();
    await clock.advance(LEASE_MS);
    const record = await ended(other.tasks, head);
    expect(record.head).toMatchObject({ status: 'completed', attempt: 2, crashCount: 1 });
    expect(resultOf(record)).toEqual(text('run 2'));
    await Promise.all([cut.tasks.close(), other.tasks.close()]);
  });

  it('[LIFE-02] fails a tool that may not run again, when its own process claims the task anew', async () => {
    const { clock, make } = processes();
    const { tasks, start, interference, revive } = make();
    let runs = 0;
    tasks.tool('once', {}, async (_args, task) => {
      runs += 1;
      await aborted(task.signal);
      return text('too late');
    });
    const head = await start('once');
    interference.before = () => {
      throw unavailable();
    };
    await clock.advance(LEASE_MS + 100);
    revive();
    await clock.advance(LEASE_MS);
    const record = await ended(tasks, head);
    expect(entry(record, 'error')).toMatchObject({ data: { code: 'TASK_INTERRUPTED' } });
    expect(runs).toBe(1);
    await tasks.close();
  });

  it('[LIFE-02] begins no step after its process stood still for longer than the lease', async () => {
    const { clock, store, make } = processes();
    // Stopped by a signal: its timers stand still while the monotonic timer goes on.
    let stoodStillMs = 0;
    const own = counted(store);
    const { tasks, start } = make({
      store: own.store,
      clock: {
        nowMs: () => clock.nowMs() + stoodStillMs,
        monotonicMs: () => clock.nowMs() + stoodStillMs,
        after: (delayMs, callback) => clock.after(delayMs, callback),
      },
    });
    const goOn = gate();
    const log: string[] = [];
    tasks.tool('steps', { onCrash: 'rerun' }, async (_args, task) => {
      await task.step('one', () => log.push('one'));
      await goOn.opened;
      await task.step('two', () => log.push('two')).catch((error: unknown) => log.push(codeOf(error)));
      return text('done');
    });
    await start('steps');
    await clock.advance(100);
    stoodStillMs = LEASE_MS;
    goOn.open();
    await new Promise((resolve) => setImmediate(resolve));
    expect(log).toEqual(['one', 'RUN_ENDED']);
    await tasks.close({ drainMs: 0 });
  });
});

describe('every call of a task', () => {
  const METHODS = ['create', 'update', 'get', 'claim', 'renew'] as const;

  it.each(METHODS.flatMap((method) => (['before', 'after'] as const).map((when) => [method, when] as const)))(
    '[LIFE-03] may be lost once, %s %s it reaches the store: it costs time and nothing else',
    async (method, when) => {
      const { clock, make } = processes();
      const { tasks, start, interference, errors } = make({ executor: inProcessExecutor({ concurrency: 1 }) });
      const ran: string[] = [];
      tasks.tool('job', {}, async (_args, task) => {
        const value = await task.step('one', () => ran.push('one'));
        await task.set('a', value);
        // A heartbeat passes.
        await new Promise<void>((resolve) => clock.after(LEASE_MS / 2, resolve));
        return text(`run ${task.attempt}`);
      });
      await tasks.start();
      const lost = new Set<string>();
      interference[when] = (called, input) => {
        // Each single call once: the same call that is sent again has its input again.
        const isRepeated = called === 'renew' || called === 'claim';
        const id = JSON.stringify([called, isRepeated ? lost.size > 0 : { ...(input as object), nowMs: 0 }]);
        if (called !== method || lost.has(id)) return;
        lost.add(id);
        throw unavailable();
      };
      const heads = [start('job'), start('job')];
      await clock.advance(4 * LEASE_MS);
      interference[when] = () => undefined;
      for (const head of await Promise.all(heads)) {
        const record = await ended(tasks, head);
        expect(resultOf(record)).toEqual(text('run 1'));
        expect(entry(record, 'variable', 'a')).toBeTypeOf('number');
      }
      expect(ran).toEqual(['one', 'one']);
      expect(errors.filter((error) => !TaskError.is(error, 'STORE_UNAVAILABLE'))).toEqual([]);
      expect(lost.size).toBeGreaterThan(0);
      await tasks.close();
    },
  );
});

describe('a store', () => {
  it('of another version of the port is refused at the start, with what to do', async () => {
    const { store, make } = processes();
    const old = { ...counted(store).store, portVersion: undefined } as unknown as TaskStore;
    const { tasks } = make({ store: old });
    await expect(tasks.start()).rejects.toMatchObject({
      code: 'STORE_INCOMPATIBLE',
      message: expect.stringMatching(/portVersion: 2/) as string,
    });
    await tasks.close();
  });
});

describe('tasks that expire', () => {
  it('make an event each: under a run at once, else when they are removed', async () => {
    const { clock, make } = processes();
    const events: string[] = [];
    const { tasks } = make({
      limits: { minTtlMs: 1, keepResultMs: 0 },
      sweepIntervalMs: 60_000,
      onEvent: (event) => {
        if (event.type === 'expired')
          events.push(`${event.tool} ${event.owner} ${clock.nowMs() >= sweepAtMs ? 'late' : 'at once'}`);
      },
    });
    const sweepAtMs = clock.nowMs() + 20_000;
    tasks.tool('running', {}, async (_args, task) => {
      await aborted(task.signal);
      return text('late');
    });
    tasks.tool('quick', {}, () => text('done'));
    await tasks.start();
    const call = (tool: string) => tasks.startTask({ tool, owner: 'alice', arguments: {}, requestedTtlMs: 10_000 });
    await Promise.all([call('running'), call('quick')]);
    await clock.advance(19_000);
    expect(events).toEqual(['running alice at once']);
    await clock.advance(80_000);
    expect(events).toEqual(['running alice at once', 'quick alice late']);
    await tasks.close();
  });
});
