import { describe, expect, it } from 'vitest';
import type { OwnerLimits } from '../../src/index.ts';
import { MemoryTaskStore } from '../../src/memory/memory-task-store.ts';
import { firstWrite, newTask, T0_MS, WIDE_LIMITS } from '../heads.ts';

describe('create in the memory store', () => {
  it('[STOR-01] answers a live task of the same id or the same owner and key before it looks at the quota', async () => {
    const store = new MemoryTaskStore();
    const limits: OwnerLimits = { ...WIDE_LIMITS, maxActiveTasks: 1, maxStoredTasks: 1 };
    await store.create(newTask({ taskId: 'first' }, { idempotencyKey: 'key', limits }));
    const again = await store.create(newTask({ taskId: 'first' }, { limits }));
    const sameKey = await store.create(newTask({ taskId: 'second' }, { idempotencyKey: 'key', limits }));
    const otherKey = await store.create(newTask({ taskId: 'third' }, { idempotencyKey: 'other', limits }));
    const otherOwner = await store.create(
      newTask({ taskId: 'fourth', owner: 'bob' }, { idempotencyKey: 'key', limits }),
    );
    expect(again).toMatchObject({ status: 'existing', head: { taskId: 'first' } });
    expect(sameKey).toMatchObject({ status: 'existing', head: { taskId: 'first' } });
    expect(otherKey).toEqual({ status: 'over-quota', limit: 'maxActiveTasks', retryable: false });
    expect(otherOwner).toMatchObject({ status: 'created', head: { taskId: 'fourth' } });
  });

  it('[SEC-04] counts terminal tasks as stored, not as active, and removes expired ones that stand in the way', async () => {
    const store = new MemoryTaskStore();
    const limits: OwnerLimits = { ...WIDE_LIMITS, maxActiveTasks: 1, maxStoredTasks: 2 };
    const create = (taskId: string, nowMs: number) =>
      store.create(newTask({ taskId, createdAtMs: nowMs, ttlMs: 1_000 }, { limits, idempotencyKey: taskId }));
    const end = (taskId: string) =>
      store.update(firstWrite({ taskId, patch: { head: { status: 'completed', dueAtMs: null } } }));
    await create('one', T0_MS);
    await end('one');
    await create('two', T0_MS);
    expect(await create('three', T0_MS)).toEqual({ status: 'over-quota', limit: 'maxActiveTasks', retryable: false });
    await end('two');
    expect(await create('three', T0_MS)).toEqual({ status: 'over-quota', limit: 'maxStoredTasks', retryable: false });
    expect(await create('one', T0_MS + 1_000)).toMatchObject({ status: 'created', head: { taskId: 'one' } });
    expect(await store.deleteExpired({ nowMs: T0_MS + 1_000, limit: 10 })).toEqual([]);
  });

  it('[SEC-04] holds the quota against 200 creates at once', async () => {
    const store = new MemoryTaskStore();
    const limits: OwnerLimits = { ...WIDE_LIMITS, maxActiveTasks: 100, maxStoredTasks: 1_000 };
    const outcomes = await Promise.all(
      Array.from({ length: 200 }, (_, number) => store.create(newTask({ taskId: `task-${number}` }, { limits }))),
    );
    expect(outcomes.filter((outcome) => outcome.status === 'created')).toHaveLength(100);
    expect(outcomes.filter((outcome) => outcome.status === 'over-quota')).toHaveLength(100);
  });

  it('[STOR-01] makes one task of 50 creates at once with one idempotency key', async () => {
    const store = new MemoryTaskStore();
    const outcomes = await Promise.all(
      Array.from({ length: 50 }, (_, number) =>
        store.create(newTask({ taskId: `task-${number}` }, { idempotencyKey: 'k' })),
      ),
    );
    expect(outcomes.filter((outcome) => outcome.status === 'created')).toHaveLength(1);
    expect(new Set(outcomes.map((outcome) => outcome.status !== 'over-quota' && outcome.head.taskId)).size).toBe(1);
  });
});

describe('expired tasks of the memory store, before they are removed', () => {
  const NOW_MS = T0_MS + 10_000;
  const create = (store: MemoryTaskStore, taskId: string, limits: Partial<OwnerLimits>, nowMs = NOW_MS) =>
    store.create(newTask({ taskId, createdAtMs: nowMs }, { limits: { ...WIDE_LIMITS, ...limits } }));
  /** Tasks of one owner that expired one after the other, the last first by id. */
  const expired = async (count: number) => {
    const store = new MemoryTaskStore();
    for (let number = 0; number < count; number += 1) {
      const taskId = `task-${String(999 - number)}`;
      await store.create(newTask({ taskId, ttlMs: 1_000 + number }));
    }
    return store;
  };
  const left = async (store: MemoryTaskStore) =>
    (await store.deleteExpired({ nowMs: NOW_MS, limit: 1_000 })).map(({ taskId }) => taskId);

  it('[SEC-04] count as stored: a create that no limit refuses removes none', async () => {
    const store = await expired(3);
    expect(await create(store, 'new', { maxStoredTasks: 4 })).toMatchObject({ status: 'created' });
    expect(await left(store)).toEqual(['task-999', 'task-998', 'task-997']);
  });

  it('[SEC-04] are removed by a create of their owner that they stand in the way of, 100 at most, the longest expired first', async () => {
    const store = await expired(130);
    await store.create(newTask({ taskId: 'foreign', owner: 'bob', ttlMs: 1_000 }));
    expect(await create(store, 'new', { maxStoredTasks: 31 })).toMatchObject({ status: 'created' });
    const rest = await left(store);
    expect(rest).toHaveLength(31);
    expect(rest.slice(0, 2)).toEqual(['foreign', 'task-899']);
  });

  it('[SEC-04] refuse a create as retryable when more than 100 stand in the way, and let it through in the end', async () => {
    const store = await expired(230);
    const limits = { maxStoredTasks: 30 };
    const refused = { status: 'over-quota', limit: 'maxStoredTasks', retryable: true };
    expect(await create(store, 'new', limits)).toEqual(refused);
    expect(await create(store, 'new', limits)).toEqual(refused);
    expect(await create(store, 'new', limits)).toMatchObject({ status: 'created' });
    expect(await left(store)).toEqual([]);
  });

  it('[SEC-04] count with their bytes', async () => {
    const store = await expired(2);
    expect(await create(store, 'new', { maxStoredBytes: 48 })).toMatchObject({ status: 'created' });
    expect(await create(store, 'newer', { maxStoredBytes: 48 })).toMatchObject({ status: 'created' });
    expect(await create(store, 'newest', { maxStoredBytes: 47 })).toEqual({
      status: 'over-quota',
      limit: 'maxStoredBytes',
      retryable: false,
    });
    expect(await left(store)).toEqual([]);
  });

  it('[SEC-04] are never active, and a create beyond that limit removes none of them', async () => {
    const store = await expired(2);
    expect(await create(store, 'new', { maxActiveTasks: 1 })).toMatchObject({ status: 'created' });
    expect(await create(store, 'newer', { maxActiveTasks: 1, maxStoredTasks: 1 })).toEqual({
      status: 'over-quota',
      limit: 'maxActiveTasks',
      retryable: false,
    });
    expect(await left(store)).toHaveLength(2);
  });

  it('[STOR-01] free their key at once, also when no other task may be stored', async () => {
    const store = new MemoryTaskStore();
    const limits = { ...WIDE_LIMITS, maxStoredTasks: 1 };
    await store.create(newTask({ ttlMs: 1_000 }, { idempotencyKey: 'key', limits }));
    const again = newTask({ taskId: 'again', createdAtMs: NOW_MS }, { idempotencyKey: 'key', limits });
    expect(await store.create(again)).toMatchObject({ status: 'created' });
    expect(await store.create(again)).toMatchObject({ status: 'existing', head: { taskId: 'again' } });
  });
});
