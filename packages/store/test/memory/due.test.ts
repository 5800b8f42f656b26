import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DuePosition, TaskHead, TaskHint } from '../../src/index.ts';
import { MemoryTaskStore } from '../../src/memory/memory-task-store.ts';
import { settled } from '../fake-clock.ts';
import { firstWrite, newHead, newTask, T0_MS } from '../heads.ts';
import { storeOf } from './memory-stores.ts';

describe('due tasks of the memory store', () => {
  it('[STOR-01] lists live, non-terminal tasks of the named handlers, the longest due first, up to the limit', async () => {
    const store = new MemoryTaskStore();
    const create = (taskId: string, fields: Partial<TaskHead>) => store.create(newTask({ taskId, ...fields }));
    await create('third', { dueAtMs: T0_MS + 3 });
    await create('first', { dueAtMs: T0_MS + 1, handler: 'other' });
    await create('second', { dueAtMs: T0_MS + 2 });
    await create('later', { dueAtMs: T0_MS + 11 });
    await create('parked', { dueAtMs: null });
    await create('foreign', { handler: 'unknown here' });
    await create('queued elsewhere', { queue: 'slow' });
    await create('over', { status: 'failed', dueAtMs: T0_MS });
    const due = async (limit: number) =>
      (await store.due({ handlers: ['count', 'other', 'count', 'none'], queues: [''], limit, nowMs: T0_MS + 10 })).map(
        (head) => head.taskId,
      );
    expect(await due(9)).toEqual(['first', 'second', 'third']);
    expect(await due(2)).toEqual(['first', 'second']);
  });

  it('[STOR-01] renews only leases that still hold, without a new version or a hint', async () => {
    const store = new MemoryTaskStore();
    await store.create(newTask({ taskId: 'held', attempt: 2, holder: 'p' }));
    await store.create(newTask({ taskId: 'taken', attempt: 3, holder: 'q' }));
    await store.create(newTask({ taskId: 'over', attempt: 2, holder: 'p', status: 'cancelled' }));
    const hints: TaskHint[] = [];
    await store.watch((hint) => hints.push(hint));
    const leases = ['held', 'taken', 'over', 'missing'].map((taskId) => ({ taskId, attempt: 2, holder: 'p' }));
    const held = await store.renew({ leases, leaseMs: 20_000, nowMs: T0_MS });
    expect(held).toEqual([newHead({ taskId: 'held', attempt: 2, holder: 'p', dueAtMs: T0_MS + 20_000 })]);
    await settled();
    expect(hints).toEqual([]);
  });

  it('[STOR-01] pages through tasks of several handlers and queues, each exactly once, ties by id', async () => {
    const tasks = fc.array(
      fc.record({
        handler: fc.constantFrom('count', 'other', 'unknown here'),
        queue: fc.constantFrom('', 'slow', 'not ours'),
        dueAtMs: fc.option(fc.integer({ min: T0_MS, max: T0_MS + 4 })),
        holder: fc.option(fc.constant('p'), { nil: undefined }),
      }),
      { maxLength: 40 },
    );
    await fc.assert(
      fc.asyncProperty(tasks, fc.integer({ min: 1, max: 5 }), async (fields, limit) => {
        const store = await storeOf(...fields);
        const input = { handlers: ['other', 'count', 'other'], queues: ['slow', ''], limit, nowMs: T0_MS + 3 };
        const listed: DuePosition[] = [];
        for (;;) {
          const page = await store.due({ ...input, after: listed.at(-1) });
          listed.push(...page.map(({ dueAtMs, taskId }) => ({ dueAtMs: dueAtMs ?? 0, taskId })));
          if (page.length < limit || listed.length > fields.length) break;
        }
        const isDue = ({ handler, queue, dueAtMs }: (typeof fields)[number]) =>
          handler !== 'unknown here' && queue !== 'not ours' && dueAtMs !== null && dueAtMs <= T0_MS + 3;
        const expected = fields
          .map((field, place) => ({ ...field, taskId: `task-${place}` }))
          .filter(isDue)
          .map(({ dueAtMs, taskId }) => ({ dueAtMs: dueAtMs ?? 0, taskId }))
          .sort((one, other) => one.dueAtMs - other.dueAtMs || (one.taskId < other.taskId ? -1 : 1));
        expect(listed).toEqual(expected);
      }),
    );
  });

  it('[STOR-01] goes on behind a place whose task is gone', async () => {
    const store = await storeOf({ taskId: 'a' }, { taskId: 'b' }, { taskId: 'b\0' }, { taskId: 'c' });
    const after = { dueAtMs: T0_MS, taskId: 'b' };
    await store.update(firstWrite({ taskId: 'b', patch: { head: { dueAtMs: null } } }));
    const page = await store.due({ handlers: ['count'], queues: [''], after, limit: 9, nowMs: T0_MS });
    expect(page.map(({ taskId }) => taskId)).toEqual(['b\0', 'c']);
  });

  it('[STOR-01] claims nothing and changes nothing', async () => {
    const store = await storeOf({ taskId: 'task-1' });
    const input = { handlers: ['count'], queues: [''], limit: 9, nowMs: T0_MS };
    expect(await store.due(input)).toEqual([newHead()]);
    expect(await store.due(input)).toEqual([newHead()]);
  });
});
