import { checkpoint, newTask, NOW_MS, ROOMY, stored } from '@mcp-tasks/store-testing';
import { expect, it } from 'vitest';
import { describeWithServer, keysOf, openStore, temporaryName } from './support/redis.ts';

const HOUR_MS = 3_600_000;

describeWithServer('a caller whose clock is ahead', () => {
  it('[INTG-07][DURA-07] takes no task out of the list, the queue or the quota of the others', async () => {
    const store = await openStore();
    const head = await stored(store, { expiresAtMs: NOW_MS + 1_000 });
    const aheadMs = NOW_MS + 2_000;
    expect(await store.list({ owner: 'owner', limit: 5, nowMs: aheadMs })).toEqual({ heads: [], hasMore: false });
    expect(await store.due({ handlers: ['tool'], queues: [''], limit: 5, nowMs: aheadMs })).toEqual([]);
    expect(await store.due({ handlers: ['tool'], queues: [''], limit: 5, nowMs: NOW_MS })).toHaveLength(1);
    await store.create(newTask({ taskId: 'ahead', createdAtMs: NOW_MS - 5 }, { nowMs: aheadMs }));
    // For everybody else it is live, and lives on.
    const patch = { head: { expiresAtMs: NOW_MS + HOUR_MS } };
    await store.update({ taskId: head.taskId, expected: head, writeId: 'later', patch, nowMs: NOW_MS });
    const { heads } = await store.list({ owner: 'owner', limit: 5, nowMs: aheadMs });
    expect(heads.map(({ taskId }) => taskId)).toEqual([head.taskId, 'ahead']);
    expect(await store.due({ handlers: ['tool'], queues: [''], limit: 5, nowMs: aheadMs })).toHaveLength(2);
    const limits = { ...ROOMY, maxActiveTasks: 2, maxStoredTasks: 2 };
    expect(await store.create(newTask({}, { limits }))).toMatchObject({ status: 'over-quota' });
  });
});

describeWithServer('many expired tasks that no sweep has removed', () => {
  it('[INTG-07][INTG-09] hide no live one from a page or from the queue', async () => {
    const store = await openStore();
    for (let count = 0; count < 30; count += 1) {
      await stored(store, { createdAtMs: NOW_MS + count, dueAtMs: NOW_MS - 100, expiresAtMs: NOW_MS + 1 });
    }
    const live = [await stored(store, { taskId: 'one' }), await stored(store, { taskId: 'two' })];
    const nowMs = NOW_MS + 1;
    expect(await store.list({ owner: 'owner', limit: 1, nowMs })).toMatchObject({
      heads: [{ taskId: 'two' }],
      hasMore: true,
    });
    const due = await store.due({ handlers: ['tool'], queues: [''], limit: 2, nowMs });
    expect(due.map(({ taskId }) => taskId).sort()).toEqual(live.map(({ taskId }) => taskId));
  });
});

describeWithServer('the keys of a store', () => {
  it('[INTG-09] are all gone when its tasks have expired and were swept', async () => {
    const name = temporaryName();
    const store = await openStore({ name });
    for (let count = 0; count < 10; count += 1) {
      const head = newTask({ owner: `owner ${count % 3}`, handler: `tool ${count % 2}` }).head;
      await store.create(
        newTask(head, { idempotencyKey: `key ${count}`, entries: [{ kind: 'call', name: '', value: '{}' }] }),
      );
      await store.update(checkpoint(head, 'a'));
    }
    expect(await store.deleteExpired({ nowMs: NOW_MS + HOUR_MS, limit: 7 })).toHaveLength(7);
    expect(await store.deleteExpired({ nowMs: NOW_MS + HOUR_MS, limit: 7 })).toHaveLength(3);
    expect(await keysOf(name)).toEqual([`{${name}}:schema`]);
  });
});
