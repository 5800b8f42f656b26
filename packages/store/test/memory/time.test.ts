import { describe, expect, it } from 'vitest';
import type { OwnerLimits, TaskHead } from '../../src/index.ts';
import { MemoryTaskStore } from '../../src/memory/memory-task-store.ts';
import { firstWrite, HOUR_MS, newClaim, newHead, newTask, T0_MS, WIDE_LIMITS } from '../heads.ts';
import { EMPTY_SIZES, read, storeOf } from './memory-stores.ts';

const DAY_MS = 24 * HOUR_MS;

describe('time in the memory store', () => {
  it('[INTG-09] shows and changes a task until its last millisecond and not at expiresAtMs', async () => {
    const store = new MemoryTaskStore();
    await store.create(newTask({ ttlMs: 30 * DAY_MS, holder: 'p', attempt: 1, joinKey: 'k', joinState: 'left' }));
    const lease = { taskId: 'task-1', attempt: 1, holder: 'p' };
    for (const [nowMs, isThere] of [
      [T0_MS + 30 * DAY_MS - 1, true],
      [T0_MS + 30 * DAY_MS, false],
    ] as const) {
      const count = Number(isThere);
      expect(await store.get({ taskIds: ['task-1'], kinds: [], nowMs })).toHaveLength(count);
      expect((await store.list({ owner: 'alice', limit: 9, nowMs })).heads).toHaveLength(count);
      expect(await store.due({ handlers: ['count'], queues: [''], limit: 9, nowMs })).toHaveLength(count);
      expect(await store.renew({ leases: [lease], leaseMs: 0, nowMs })).toHaveLength(count);
      const claim = newClaim({ writeId: `claim-${nowMs}`, holder: 'p', nowMs });
      expect((await store.claim(claim)).records).toHaveLength(count);
      expect(await store.findJoinable({ owner: 'alice', joinKey: 'k', nowMs }).then(Boolean)).toBe(isThere);
      expect(await store.deleteExpired({ nowMs, limit: 9 })).toHaveLength(1 - count);
    }
    const late = await store.update(firstWrite({ nowMs: T0_MS + 30 * DAY_MS }));
    expect(late).toEqual({ status: 'not-found' });
  });

  it('[STOR-01] decides by the nowMs of each call, also when a caller with a slower clock comes later', async () => {
    const store = new MemoryTaskStore();
    const limits: OwnerLimits = { ...WIDE_LIMITS, maxActiveTasks: 1, maxStoredTasks: 1 };
    await store.create(newTask({ ttlMs: 1_000 }, { limits, idempotencyKey: 'key' }));
    expect(await read(store, 'task-1', T0_MS + 1_000)).toBeUndefined();
    expect(await read(store, 'task-1', T0_MS + 999)).toBeDefined();
    const again = await store.create(newTask({ taskId: 'task-2' }, { limits, idempotencyKey: 'key' }));
    expect(again).toMatchObject({ status: 'existing', head: { taskId: 'task-1' } });
    const other = await store.create(newTask({ taskId: 'task-3' }, { limits }));
    expect(other).toEqual({ status: 'over-quota', limit: 'maxActiveTasks', retryable: false });
  });

  it('[STOR-01] leaves a key with the task that has it, when a slower clock brings back the one that had it before', async () => {
    const store = new MemoryTaskStore();
    const create = (taskId: string, createdAtMs: number) =>
      store.create(newTask({ taskId, createdAtMs, ttlMs: 1_000 }, { idempotencyKey: 'key' }));
    await create('old', T0_MS);
    await create('new', T0_MS + 1_000);
    expect(await read(store, 'old', T0_MS + 999)).toBeDefined();
    expect(await create('third', T0_MS + 1_000)).toMatchObject({ status: 'existing', head: { taskId: 'new' } });
    // An id that was given away again stays with the task that has it.
    await store.create(newTask({ taskId: 'old', createdAtMs: T0_MS + 1_000, owner: 'bob' }));
    expect((await read(store, 'old', T0_MS + 999))?.head.owner).toBe('bob');
  });

  it('[STOR-01] removes expired tasks in batches and keeps nothing of them', async () => {
    const store = new MemoryTaskStore();
    for (let number = 0; number < 25; number += 1) {
      const fields = {
        taskId: `task-${number}`,
        owner: `owner-${number % 5}`,
        handler: `tool-${number % 3}`,
        ttlMs: 1_000,
      };
      await store.create(newTask(fields, { idempotencyKey: `key-${number}` }));
    }
    const batches: (readonly TaskHead[])[] = [];
    for (let batch = 0; batch < 4; batch += 1)
      batches.push(await store.deleteExpired({ nowMs: T0_MS + 1_000, limit: 10 }));
    expect(batches.map((heads) => heads.length)).toEqual([10, 10, 5, 0]);
    expect(new Set(batches.flat().map(({ taskId }) => taskId)).size).toBe(25);
    expect(store.sizes()).toEqual(EMPTY_SIZES);
  });

  it('[STOR-01] a task whose lifetime was moved expires at the new time', async () => {
    const store = new MemoryTaskStore();
    await store.create(newTask({ ttlMs: 1_000 }));
    const patch = { head: { expiresAtMs: T0_MS + 5_000, ttlMs: 5_000 } };
    await store.update(firstWrite({ patch }));
    expect(await store.deleteExpired({ nowMs: T0_MS + 4_999, limit: 9 })).toEqual([]);
    const moved = newHead({ version: 2, writeId: 'written', ttlMs: 5_000 });
    expect(await store.deleteExpired({ nowMs: T0_MS + 5_000, limit: 9 })).toEqual([moved]);
    expect(store.sizes()).toEqual(EMPTY_SIZES);
  });

  it('[STOR-01] removes what expired first, and answers the heads of what it removed', async () => {
    const store = await storeOf(
      { taskId: 'b', ttlMs: 1_000 },
      { taskId: 'c', ttlMs: 900 },
      { taskId: 'a', ttlMs: 1_000 },
    );
    const nowMs = T0_MS + 2_000;
    expect(await store.deleteExpired({ nowMs, limit: 2 })).toEqual([
      newHead({ taskId: 'c', ttlMs: 900 }),
      newHead({ taskId: 'a', ttlMs: 1_000 }),
    ]);
    expect(await store.deleteExpired({ nowMs, limit: 2 })).toEqual([newHead({ taskId: 'b', ttlMs: 1_000 })]);
  });

  it('[STOR-01] forgets claims whose leases have ended, with the sweep too', async () => {
    const store = await storeOf({});
    await store.claim(newClaim({ leaseMs: 1_000 }));
    expect(store.sizes()['claims']).toBe(1);
    await store.deleteExpired({ nowMs: T0_MS + 999, limit: 1 });
    expect(store.sizes()['claims']).toBe(1);
    await store.deleteExpired({ nowMs: T0_MS + 1_000, limit: 1 });
    expect(store.sizes()['claims']).toBe(0);
  });
});
