import type { TaskHead } from '@mcp-tasks/store';
import { describe, expect, it } from 'vitest';
import { inProcessExecutor, type TaskEvent, type Tasks } from '../../src/index.ts';
import { inspect } from '../../src/testing.ts';
import { ended, gate, recordOf, resultOf, text, until } from '../support/layer.ts';
import { LEASE_MS, processes } from '../support/processes.ts';

const MINUTE_MS = 60_000;
const MESSAGE = 'Waits for a process that knows tool "moved".';

/** A process that knows another tool, and one that created tasks of a tool and knows it no more: it is gone. */
function withoutTool() {
  const all = processes();
  const events: TaskEvent[] = [];
  const creator = all.make({ executor: inProcessExecutor({ concurrency: 0 }) });
  creator.tasks.tool('moved', { onCrash: 'rerun' }, () => text('done'));
  const other = all.make({ onEvent: (event) => events.push(event) });
  other.tasks.tool('known', {}, () => text('done'));
  const told = () => events.filter((event) => event.type === 'handler-unknown');
  return { ...all, creator, other, told };
}

const messageOf = async (tasks: Tasks, head: TaskHead) => (await recordOf(tasks, head)).head.statusMessage;

describe('a due task of a tool that no process knows', () => {
  it('[LIFE-09][OBS-01] is told by an event each minute, and by its status message once', async () => {
    const { clock, creator, other, told } = withoutTool();
    const head = await creator.start('moved');
    await creator.tasks.close();
    await other.tasks.start();
    await clock.advance(MINUTE_MS - 1);
    expect([told(), await messageOf(other.tasks, head)]).toEqual([[], undefined]);
    await clock.advance(MINUTE_MS);
    const event = {
      type: 'handler-unknown',
      tool: 'moved',
      owner: 'alice',
      taskId: head.taskId,
      dueAtMs: head.dueAtMs,
    };
    expect(told()).toMatchObject([event]);
    const { head: shown } = await recordOf(other.tasks, head);
    expect(shown).toMatchObject({ status: 'working', statusMessage: MESSAGE, dueAtMs: head.dueAtMs, version: 2 });
    const { update } = other.calls;
    await clock.advance(5 * 1.25 * MINUTE_MS);
    expect(told().length).toBeGreaterThanOrEqual(6);
    const times = told().map(({ atMs }) => atMs);
    for (const [index, atMs] of times.entries()) {
      if (index > 0) expect(atMs - (times[index - 1] ?? 0)).toBeGreaterThanOrEqual(MINUTE_MS);
    }
    expect(other.calls.update).toBe(update);
    expect(other.errors).toEqual([]);
    await other.tasks.close();
    expect(inspect(other.tasks)).toEqual({ runs: 0, timers: 0, waiters: 0 });
  });

  it('[LIFE-09] is told when the process that ran it died', async () => {
    const { clock, make, other, told } = withoutTool();
    const dying = make();
    const stuck = gate();
    dying.tasks.tool('moved', { onCrash: 'rerun' }, async (_args, task) => {
      task.status('half way');
      await stuck.opened;
      return text('done');
    });
    const head = await dying.start('moved');
    await clock.advance(100);
    dying.crash();
    await other.tasks.start();
    await clock.advance(LEASE_MS + 2.5 * MINUTE_MS);
    expect(told()[0]).toMatchObject({ tool: 'moved', taskId: head.taskId });
    expect(await messageOf(other.tasks, head)).toBe(MESSAGE);
    stuck.open();
    await clock.advance(0);
    await other.tasks.close();
  });

  it('[LIFE-09] is told once by two processes, and each emits its own event, one for each tool', async () => {
    const { clock, store, make, creator, other, told } = withoutTool();
    creator.tasks.tool('gone', {}, () => text('done'));
    const heads = [await creator.start('moved'), await creator.start('gone'), await creator.start('moved')];
    const third = make();
    await Promise.all([other.tasks.start(), third.tasks.start()]);
    await clock.advance(2.5 * MINUTE_MS);
    const records = await store.get({ taskIds: heads.map(({ taskId }) => taskId), kinds: [], nowMs: clock.nowMs() });
    expect(records.map(({ head }) => [head.version, head.statusMessage])).toEqual([
      [2, MESSAGE],
      [2, 'Waits for a process that knows tool "gone".'],
      [2, MESSAGE],
    ]);
    const tools = told().map((event) => [event.tool, event.taskId]);
    expect(tools.slice(0, 2).sort()).toEqual([
      ['gone', heads[1]?.taskId],
      [
        'moved',
        heads
          .map(({ taskId }) => taskId)
          .filter((_, index) => index !== 1)
          .sort()[0],
      ],
    ]);
    expect(third.errors).toEqual([]);
    await Promise.all([creator, other, third].map(({ tasks }) => tasks.close()));
  });

  it('[LIFE-09] is told however many such tasks there are, at most 100 in a look', async () => {
    const { clock, store, creator, other } = withoutTool();
    for (let owner = 0; owner < 25; owner += 1) {
      for (let count = 0; count < 6; count += 1) {
        await creator.tasks.startTask({ tool: 'moved', owner: `owner ${owner}`, arguments: {} });
      }
    }
    await other.tasks.start();
    const toldNow = async () => {
      const due = await store.due({ handlers: ['moved'], queues: [''], limit: 1_000, nowMs: clock.nowMs() });
      return due.filter(({ statusMessage }) => statusMessage === MESSAGE).length;
    };
    await clock.advance(2 * MINUTE_MS - 1);
    expect(await toldNow()).toBe(100);
    await clock.advance(1.25 * MINUTE_MS);
    expect(await toldNow()).toBe(150);
    await Promise.all([creator, other].map(({ tasks }) => tasks.close()));
  });

  it('[LIFE-09] takes its message back once a process that knows the tool runs it', async () => {
    const { clock, make, creator, other } = withoutTool();
    const silent = await creator.start('moved');
    await other.tasks.start();
    await clock.advance(2.5 * MINUTE_MS);
    expect(await messageOf(other.tasks, silent)).toBe(MESSAGE);
    const knowing = make();
    const go = gate();
    knowing.tasks.tool('moved', { onCrash: 'rerun' }, async () => {
      await go.opened;
      return text('done');
    });
    await knowing.tasks.start();
    // The handler says nothing: the message goes by a write of the run's own, a moment later.
    await clock.advance(250);
    const { head } = await recordOf(other.tasks, silent);
    expect(head).toMatchObject({ status: 'working', attempt: 1, version: 4 });
    expect(head.statusMessage).toBeUndefined();
    go.open();
    await ended(other.tasks, silent);
    await Promise.all([creator, other, knowing].map(({ tasks }) => tasks.close()));
  });

  it('[LIFE-09] costs a run no write more when the handler writes or ends at once', async () => {
    const { clock, make, creator, other } = withoutTool();
    const short = await creator.start('moved');
    await other.tasks.start();
    await clock.advance(2.5 * MINUTE_MS);
    const knowing = make();
    knowing.tasks.tool('moved', { onCrash: 'rerun' }, () => text('done'));
    await knowing.tasks.start();
    const record = await ended(other.tasks, short);
    expect(resultOf(record)).toEqual(text('done'));
    // Created, told, claimed, completed.
    expect(record.head.version).toBe(4);
    expect(record.head.statusMessage).toBeUndefined();
    await Promise.all([creator, other, knowing].map(({ tasks }) => tasks.close()));
  });

  it('[LIFE-09] is left alone when it is due for less than a minute, is of a known tool, or of another queue', async () => {
    const { clock, store, creator, other, told } = withoutTool();
    creator.tasks.tool('known', {}, () => text('done'));
    await other.tasks.start();
    other.interference.before = (method) => {
      if (method === 'claim') throw new TypeError('no claim in this test');
    };
    const known = await creator.start('known');
    const { head } = await recordOf(other.tasks, await creator.start('moved'));
    const elsewhere = { ...head, taskId: 'elsewhere', queue: 'engine' };
    const limits = { maxActiveTasks: 9, maxStoredTasks: 9, maxStoredBytes: 9_000_000 };
    await store.create({ head: elsewhere, entries: [], limits, nowMs: clock.nowMs() });
    await other.tasks.for('alice').cancel(head.taskId);
    await clock.advance(2 * MINUTE_MS);
    const fresh = await creator.start('moved');
    await clock.advance(MINUTE_MS / 2);
    expect(told()).toEqual([]);
    for (const task of [known, elsewhere, fresh, head]) expect(await messageOf(other.tasks, task)).toBeUndefined();
    await Promise.all([creator, other].map(({ tasks }) => tasks.close()));
  });

  it('[LIFE-09] is told at a later look when the store failed', async () => {
    const { clock, creator, other, told } = withoutTool();
    const head = await creator.start('moved');
    await other.tasks.start();
    let failures = 0;
    other.interference.before = (method) => {
      if (method === 'due' && ++failures === 1) throw new TypeError('the store is away');
    };
    await clock.advance(1.25 * MINUTE_MS);
    expect(other.errors).toMatchObject([{ message: 'the store is away' }]);
    expect(told()).toEqual([]);
    await clock.advance(1.25 * MINUTE_MS);
    await until(other.tasks, head, ({ statusMessage }) => statusMessage === MESSAGE);
    expect(told()).toHaveLength(1);
    await Promise.all([creator, other].map(({ tasks }) => tasks.close()));
  });
});
