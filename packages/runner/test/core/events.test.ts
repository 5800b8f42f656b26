import { memoryStore } from '@mcp-tasks/store';
import { ProtocolFailure } from '@mcp-tasks/wire';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createTasks, inProcessExecutor, type TaskEvent } from '../../src/index.ts';
import { fakeClock } from '../../src/testing.ts';
import { aborted, ended, gate, layer, text, until, untilOpen } from '../support/layer.ts';

const trace = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' };

/** What is said of an event, without what is the same for all of them. */
function short(event: TaskEvent): unknown {
  return Object.fromEntries(Object.entries(event).filter(([name]) => name !== 'atMs'));
}

describe('events', () => {
  it('[OBS-01] tell of creation, start, status, question, answer and end, with owner and trace, without payload', async () => {
    const clock = fakeClock();
    const events: TaskEvent[] = [];
    const { tasks, start } = layer({ clock, onEvent: (event) => events.push(event) });
    tasks.tool('ask', { inputSchema: z.object({ secret: z.string() }) }, async (_args, task) => {
      await task.set('secret', 'hidden value');
      await task.elicit('q', { message: 'hidden question', schema: z.object({ a: z.string() }) });
      return { ...text('hidden result'), isError: true };
    });
    const head = await start('ask', { secret: 'hidden argument' }, { trace });
    await untilOpen(tasks, head, 'q');
    await tasks.for('alice').answer(head.taskId, { q: { action: 'accept', content: { a: 'hidden answer' } } });
    await ended(tasks, head);
    const base = { taskId: head.taskId, owner: 'alice', tool: 'ask', trace };
    expect(events.map(short)).toEqual([
      { ...base, type: 'task-created' },
      { ...base, type: 'run-started', attempt: 1 },
      { ...base, type: 'status-changed', from: 'working', to: 'input_required' },
      { ...base, type: 'question-asked', key: 'q' },
      { ...base, type: 'status-changed', from: 'input_required', to: 'working' },
      { ...base, type: 'question-answered', key: 'q' },
      { ...base, type: 'status-changed', from: 'working', to: 'completed' },
      { ...base, type: 'settled', status: 'completed', isError: true },
    ]);
    expect(JSON.stringify(events)).not.toContain('hidden');
    expect(new Set(events.map(({ atMs }) => atMs))).toEqual(new Set([clock.nowMs()]));
    await tasks.close();
  });

  it('[OBS-01] tell of cancel from another process, of failure, and of expiry', async () => {
    const clock = fakeClock();
    const store = memoryStore();
    const here: TaskEvent[] = [];
    const there: TaskEvent[] = [];
    const limits = { minTtlMs: 1 };
    const tasks = createTasks({ store, clock, limits, onEvent: (event) => here.push(event) });
    const other = createTasks({ store, clock, onEvent: (event) => there.push(event) });
    tasks.tool('wait', {}, async (_args, task) => {
      await aborted(task.signal);
      return text('done');
    });
    tasks.tool('fail', {}, () => {
      throw new ProtocolFailure(-32000, 'failed');
    });
    const call = { owner: 'alice', arguments: {}, trace };
    const cancelled = await tasks.startTask({ tool: 'wait', ...call });
    await other.for('alice').cancel(cancelled.taskId);
    const failed = await tasks.startTask({ tool: 'fail', ...call });
    await ended(tasks, failed);
    const expired = await tasks.startTask({ tool: 'wait', ...call, requestedTtlMs: 1_000 });
    await clock.advance(1_000);
    expect(there.map(short)).toEqual([
      {
        taskId: cancelled.taskId,
        owner: 'alice',
        tool: 'wait',
        trace,
        type: 'status-changed',
        from: 'working',
        to: 'cancelled',
      },
      { taskId: cancelled.taskId, owner: 'alice', tool: 'wait', trace, type: 'cancelled' },
    ]);
    const of = (taskId: string) =>
      here.filter((event) => 'taskId' in event && event.taskId === taskId).map(({ type }) => type);
    expect(of(failed.taskId)).toEqual(['task-created', 'run-started', 'status-changed', 'settled']);
    expect(of(expired.taskId)).toEqual(['task-created', 'run-started', 'expired']);
    await Promise.all([tasks.close(), other.close()]);
  });

  it('[OBS-01] tell of expiry only where it ends a run: not of tasks that are queued, parked or over', async () => {
    const clock = fakeClock();
    const events: TaskEvent[] = [];
    const executor = inProcessExecutor({ concurrency: 1 });
    const { tasks, start } = layer({ clock, executor, parkAfterMs: 10, onEvent: (event) => events.push(event) });
    const began = gate();
    tasks.tool('done', {}, () => text('done'));
    tasks.tool('ask', { onCrash: 'rerun' }, async (_args, task) => {
      await task.elicit('q', { message: '?', schema: z.object({}) });
      return text('answered');
    });
    tasks.tool('wait', {}, async (_args, task) => {
      began.open();
      await aborted(task.signal);
      return text('done');
    });
    const ttl = { requestedTtlMs: 1_000 };
    await ended(tasks, await start('done', {}, ttl));
    const parked = await untilOpen(tasks, await start('ask', {}, ttl), 'q');
    await clock.advance(10);
    await until(tasks, parked, ({ dueAtMs }) => dueAtMs === null);
    const running = await start('wait', {}, ttl);
    await began.opened;
    await start('done', {}, ttl);
    await clock.advance(1_000);
    expect(events.flatMap((event) => (event.type === 'expired' ? [event.taskId] : []))).toEqual([running.taskId]);
    await tasks.close({ drainMs: 0 });
  });

  it('[OBS-01] [SEC-02] tell of refused access: foreign and missing tasks look the same', async () => {
    const events: TaskEvent[] = [];
    const { tasks, start } = layer({ onEvent: (event) => events.push(event) });
    const hold = gate();
    const began = gate();
    tasks.tool('job', {}, async () => {
      began.open();
      await hold.opened;
      return text('done');
    });
    const { taskId } = await start('job');
    await began.opened;
    events.length = 0;
    const eve = tasks.for('eve');
    const messages = new Set<string>();
    for (const id of [taskId, '00000000-0000-4000-8000-000000000000']) {
      for (const access of [
        eve.get(id),
        eve.cancel(id),
        eve.answer(id, {}),
        eve.waitFor(id, () => true, { signal: new AbortController().signal }),
      ]) {
        await expect(access).rejects.toMatchObject({ code: 'TASK_NOT_FOUND' });
        await access.catch((error: unknown) => messages.add(String(error)));
      }
      const gone = gate<unknown>();
      eve.watch(id, gone.open);
      expect(await gone.opened).toBeUndefined();
    }
    expect(messages.size).toBe(1);
    expect(events.map(short)).toEqual(
      events.map((_, index) => ({
        type: 'access-refused',
        reason: 'unknown-task',
        owner: 'eve',
        taskId: index < 5 ? taskId : '00000000-0000-4000-8000-000000000000',
      })),
    );
    expect(events).toHaveLength(10);
    hold.open();
    await tasks.close();
  });

  it('tell of refused access without the id when that is longer than any', async () => {
    const events: TaskEvent[] = [];
    const { tasks } = layer({ onEvent: (event) => events.push(event) });
    await expect(tasks.for('eve').get('x'.repeat(129))).rejects.toMatchObject({ code: 'TASK_NOT_FOUND' });
    expect(events.map(short)).toEqual([{ type: 'access-refused', reason: 'unknown-task', owner: 'eve' }]);
    await tasks.close();
  });

  it('[OBS-01] tell when authorize refuses', async () => {
    const events: TaskEvent[] = [];
    const { tasks, start } = layer({
      onEvent: (event) => events.push(event),
      authorize: () => {
        throw new Error('no');
      },
    });
    tasks.tool('job', {}, () => text('done'));
    await expect(start('job', {}, { trace })).rejects.toThrow('no');
    expect(events.map(short)).toEqual([
      { type: 'access-refused', reason: 'unauthorized', owner: 'alice', tool: 'job', trace },
    ]);
    await tasks.close();
  });

  it('[OBS-01] a throwing listener changes nothing, also one that throws later', async () => {
    const errors: unknown[] = [];
    let calls = 0;
    const { tasks, start } = layer({
      onBackgroundError: (error) => errors.push(error),
      onEvent: (): unknown => {
        calls++;
        if (calls % 2 === 0) throw new Error('thrown');
        return Promise.reject(new Error('rejected'));
      },
    });
    tasks.tool('job', {}, () => text('done'));
    expect((await ended(tasks, await start('job'))).head.status).toBe('completed');
    await tasks.close();
    expect(errors).toHaveLength(calls);
  });
});
