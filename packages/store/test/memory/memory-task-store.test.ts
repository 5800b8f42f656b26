import { describe, expect, it } from 'vitest';
import type { ListPosition, OwnerLimits, TaskHead, TaskHint, TaskStore } from '../../src/index.ts';
import { MemoryTaskStore } from '../../src/memory/memory-task-store.ts';
import { HOUR_MS, newHead, newTask, T0_MS } from '../heads.ts';

const DAY_MS = 24 * HOUR_MS;
const EMPTY = { tasks: 0, expiry: 0, owners: 0, dueHandlers: 0, expired: 0, listeners: 0 };
const read = async (store: TaskStore, taskId: string, nowMs = T0_MS) =>
  (await store.get({ taskIds: [taskId], kinds: ['call', 'variable'], nowMs }))[0];

/** All pages of an owner, as the ids on each. */
async function pages(store: TaskStore, owner: string, limit: number, nowMs: number): Promise<string[][]> {
  const all: string[][] = [];
  let after: ListPosition | undefined;
  for (;;) {
    const { heads, hasMore } = await store.list({ owner, limit, nowMs, after });
    all.push(heads.map((head) => head.taskId));
    after = heads.at(-1);
    if (!hasMore) return all;
  }
}

describe('a page of the memory store', () => {
  it.each([
    { title: 'all tasks under one owner', ownerCount: 1 },
    { title: '10,000 owners', ownerCount: 10_000 },
  ])('[STOR-01] visits at most page size + 1 records with $title', async ({ ownerCount }) => {
    let visits = 0;
    const store = new MemoryTaskStore(() => (visits += 1));
    const perOwner = 20_000 / ownerCount;
    for (let number = 0; number < 20_000; number += 1) {
      const owner = `owner-${number % ownerCount}`;
      await store.create(
        newTask({ taskId: `task-${number}`, owner, createdAtMs: T0_MS + Math.floor(number / ownerCount) }),
      );
    }
    const nowMs = T0_MS + perOwner;
    let after: ListPosition | undefined;
    for (let page = 0; page < 5; page += 1) {
      visits = 0;
      const { heads } = await store.list({ owner: 'owner-0', limit: 50, nowMs, after });
      after = heads.at(-1) ?? after;
      expect(visits).toBeLessThanOrEqual(51);
      if (page * 50 < perOwner) expect(heads).toHaveLength(Math.min(50, perOwner - page * 50));
    }
  });

  it('[STOR-01] visits no expired task that waits for the sweep', async () => {
    let visits = 0;
    const store = new MemoryTaskStore(() => (visits += 1));
    for (let number = 0; number < 1_000; number += 1) {
      await store.create(
        newTask({ taskId: `task-${number}`, createdAtMs: T0_MS + number, ttlMs: number === 0 ? HOUR_MS : 5_000 }),
      );
    }
    const { heads, hasMore } = await store.list({ owner: 'alice', limit: 50, nowMs: T0_MS + 10_000 });
    expect(heads.map((head) => head.taskId)).toEqual(['task-0']);
    expect(hasMore).toBe(false);
    expect(visits).toBe(1);
  });

  it('[STOR-01] shows every task that was there before the first page exactly once, newest first, ties by id', async () => {
    const store = new MemoryTaskStore();
    const ids = ['b', 'd', 'a', 'c', 'e'];
    for (const taskId of ids) await store.create(newTask({ taskId, createdAtMs: taskId === 'e' ? T0_MS - 5 : T0_MS }));
    expect(await pages(store, 'alice', 2, T0_MS)).toEqual([['d', 'c'], ['b', 'a'], ['e']]);
    const first = await store.list({ owner: 'alice', limit: 2, nowMs: T0_MS });
    await store.create(newTask({ taskId: 'newer', createdAtMs: T0_MS + 1 }));
    const second = await store.list({ owner: 'alice', limit: 9, nowMs: T0_MS + 1, after: first.heads[1] });
    expect(second.heads.map((head) => head.taskId)).toEqual(['b', 'a', 'e']);
  });
});

describe('create in the memory store', () => {
  it('[STOR-01] answers a live task of the same id or the same owner and key before it looks at the quota', async () => {
    const store = new MemoryTaskStore();
    const limits: OwnerLimits = { maxActiveTasks: 1, maxStoredTasks: 1 };
    await store.create(newTask({ taskId: 'first' }, { idempotencyKey: 'key', limits }));
    const again = await store.create(newTask({ taskId: 'first' }, { limits }));
    const sameKey = await store.create(newTask({ taskId: 'second' }, { idempotencyKey: 'key', limits }));
    const otherKey = await store.create(newTask({ taskId: 'third' }, { idempotencyKey: 'other', limits }));
    const otherOwner = await store.create(
      newTask({ taskId: 'fourth', owner: 'bob' }, { idempotencyKey: 'key', limits }),
    );
    expect(again).toMatchObject({ status: 'existing', head: { taskId: 'first' } });
    expect(sameKey).toMatchObject({ status: 'existing', head: { taskId: 'first' } });
    expect(otherKey).toEqual({ status: 'over-quota', limit: 'maxActiveTasks' });
    expect(otherOwner).toMatchObject({ status: 'created', head: { taskId: 'fourth' } });
  });

  it('[SEC-04] counts terminal tasks as stored, not as active, and expired ones as neither before any sweep', async () => {
    const store = new MemoryTaskStore();
    const limits: OwnerLimits = { maxActiveTasks: 1, maxStoredTasks: 2 };
    const create = (taskId: string, nowMs: number) =>
      store.create(newTask({ taskId, createdAtMs: nowMs, ttlMs: 1_000 }, { limits, idempotencyKey: taskId }));
    const end = (taskId: string) =>
      store.update({
        taskId,
        expectedVersion: 1,
        patch: { head: { status: 'completed', dueAtMs: null } },
        nowMs: T0_MS,
      });
    await create('one', T0_MS);
    await end('one');
    await create('two', T0_MS);
    expect(await create('three', T0_MS)).toEqual({ status: 'over-quota', limit: 'maxActiveTasks' });
    await end('two');
    expect(await create('three', T0_MS)).toEqual({ status: 'over-quota', limit: 'maxStoredTasks' });
    expect(await create('one', T0_MS + 1_000)).toMatchObject({ status: 'created', head: { taskId: 'one' } });
    expect(await store.deleteExpired({ nowMs: T0_MS + 1_000, limit: 10 })).toBe(2);
  });

  it('[SEC-04] holds the quota against 200 creates at once', async () => {
    const store = new MemoryTaskStore();
    const limits: OwnerLimits = { maxActiveTasks: 100, maxStoredTasks: 1_000 };
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

describe('update in the memory store', () => {
  it('[STOR-05] lets exactly one of 100 racing writers of a version win and gives the others the present head', async () => {
    const store = new MemoryTaskStore();
    await store.create(newTask());
    const outcomes = await Promise.all(
      Array.from({ length: 100 }, (_, number) =>
        store.update({ taskId: 'task-1', expectedVersion: 1, patch: { head: { attempt: number } }, nowMs: T0_MS }),
      ),
    );
    const [winner, ...others] = outcomes.toSorted((one, other) =>
      one.status < other.status ? 1 : one.status > other.status ? -1 : 0,
    );
    expect(winner?.status).toBe('updated');
    for (const other of others) expect(other).toEqual({ ...winner, status: 'conflict' });
  });

  it('[STOR-01] puts, replaces and deletes entries byte for byte, and reads only the kinds asked for', async () => {
    const store = new MemoryTaskStore();
    await store.create(newTask());
    const name = 'a\0b:c/__proto__';
    await store.update({
      taskId: 'task-1',
      expectedVersion: 1,
      patch: {
        head: {},
        put: [
          { kind: 'variable', name, value: '{"x": 1}' },
          { kind: 'checkpoint', name, value: '2' },
        ],
      },
      nowMs: T0_MS,
    });
    expect((await read(store, 'task-1'))?.entries).toEqual([
      { kind: 'call', name: '', value: '{"arguments":{}}' },
      { kind: 'variable', name, value: '{"x": 1}' },
    ]);
    await store.update({
      taskId: 'task-1',
      expectedVersion: 2,
      patch: { head: {}, put: [{ kind: 'call', name: '', value: '3' }], delete: [{ kind: 'variable', name }] },
      nowMs: T0_MS,
    });
    expect((await read(store, 'task-1'))?.entries).toEqual([{ kind: 'call', name: '', value: '3' }]);
  });

  it('[STOR-05] keeps nothing that its caller can change afterwards', async () => {
    const store = new MemoryTaskStore();
    const openQuestions = ['one'];
    const progress = { done: 1 };
    const entry = { kind: 'variable' as const, name: 'x', value: '1' };
    const head = { ...newHead(), openQuestions, progress };
    await store.create({ ...newTask(), head, entries: [entry] });
    openQuestions.push('two');
    progress.done = 2;
    entry.value = '2';
    head.owner = 'mallory';
    const record = await read(store, 'task-1');
    expect(record).toEqual({
      head: { ...newHead(), openQuestions: ['one'], progress: { done: 1 } },
      entries: [{ kind: 'variable', name: 'x', value: '1' }],
    });
    expect(() => ((record?.head as { owner: string }).owner = 'mallory')).toThrow(TypeError);
    expect(() => (record?.head.openQuestions as string[]).push('two')).toThrow(TypeError);
    expect((await store.list({ owner: 'mallory', limit: 9, nowMs: T0_MS })).heads).toEqual([]);
  });
});

describe('time in the memory store', () => {
  it('[INTG-09] shows and changes a task until its last millisecond and not at expiresAtMs', async () => {
    const store = new MemoryTaskStore();
    await store.create(newTask({ ttlMs: 30 * DAY_MS, holder: 'p', attempt: 1 }));
    const lease = { taskId: 'task-1', attempt: 1, holder: 'p' };
    for (const [nowMs, isThere] of [
      [T0_MS + 30 * DAY_MS - 1, true],
      [T0_MS + 30 * DAY_MS, false],
    ] as const) {
      const count = Number(isThere);
      expect(await store.get({ taskIds: ['task-1'], kinds: [], nowMs })).toHaveLength(count);
      expect((await store.list({ owner: 'alice', limit: 9, nowMs })).heads).toHaveLength(count);
      expect(await store.due({ handlers: ['count'], limit: 9, nowMs })).toHaveLength(count);
      expect(await store.renew({ leases: [lease], dueAtMs: T0_MS, nowMs })).toHaveLength(count);
      expect(await store.deleteExpired({ nowMs, limit: 9 })).toBe(1 - count);
    }
    const late = await store.update({
      taskId: 'task-1',
      expectedVersion: 1,
      patch: { head: {} },
      nowMs: T0_MS + 30 * DAY_MS,
    });
    expect(late).toEqual({ status: 'not-found' });
  });

  it('[STOR-01] decides by the nowMs of each call, also when a caller with a slower clock comes later', async () => {
    const store = new MemoryTaskStore();
    const limits: OwnerLimits = { maxActiveTasks: 1, maxStoredTasks: 1 };
    await store.create(newTask({ ttlMs: 1_000 }, { limits, idempotencyKey: 'key' }));
    expect(await read(store, 'task-1', T0_MS + 1_000)).toBeUndefined();
    expect(await read(store, 'task-1', T0_MS + 999)).toBeDefined();
    const again = await store.create(newTask({ taskId: 'task-2' }, { limits, idempotencyKey: 'key' }));
    expect(again).toMatchObject({ status: 'existing', head: { taskId: 'task-1' } });
    const other = await store.create(newTask({ taskId: 'task-3' }, { limits }));
    expect(other).toEqual({ status: 'over-quota', limit: 'maxActiveTasks' });
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
    const counts: number[] = [];
    for (let batch = 0; batch < 4; batch += 1)
      counts.push(await store.deleteExpired({ nowMs: T0_MS + 1_000, limit: 10 }));
    expect(counts).toEqual([10, 10, 5, 0]);
    expect(store.sizes()).toEqual(EMPTY);
  });

  it('[STOR-01] a task whose lifetime was moved expires at the new time', async () => {
    const store = new MemoryTaskStore();
    await store.create(newTask({ ttlMs: 1_000 }));
    const patch = { head: { expiresAtMs: T0_MS + 5_000, ttlMs: 5_000 } };
    await store.update({ taskId: 'task-1', expectedVersion: 1, patch, nowMs: T0_MS });
    expect(await store.deleteExpired({ nowMs: T0_MS + 4_999, limit: 9 })).toBe(0);
    expect(await store.deleteExpired({ nowMs: T0_MS + 5_000, limit: 9 })).toBe(1);
    expect(store.sizes()).toEqual(EMPTY);
  });
});

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
    await create('over', { status: 'failed', dueAtMs: T0_MS });
    const due = async (limit: number) =>
      (await store.due({ handlers: ['count', 'other', 'count', 'none'], limit, nowMs: T0_MS + 10 })).map(
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
    const held = await store.renew({ leases, dueAtMs: T0_MS + 20_000, nowMs: T0_MS });
    expect(held).toEqual([newHead({ taskId: 'held', attempt: 2, holder: 'p', dueAtMs: T0_MS + 20_000 })]);
    expect(hints).toEqual([]);
  });
});

describe('watching and closing the memory store', () => {
  it('[STOR-01] hints at each create and update until the watch ends', async () => {
    const store = new MemoryTaskStore();
    const hints: TaskHint[] = [];
    const stop = await store.watch((hint) => hints.push(hint));
    await store.create(newTask());
    await store.update({
      taskId: 'task-1',
      expectedVersion: 1,
      patch: { head: { status: 'cancelled' } },
      nowMs: T0_MS,
    });
    await stop();
    await store.update({ taskId: 'task-1', expectedVersion: 2, patch: { head: {} }, nowMs: T0_MS });
    expect(hints).toEqual([
      { taskId: 'task-1', version: 1, status: 'working' },
      { taskId: 'task-1', version: 2, status: 'cancelled' },
    ]);
    expect(store.sizes()['listeners']).toBe(0);
  });

  it('[STOR-01] refuses every call after close with STORE_CLOSED and keeps nothing', async () => {
    const store = new MemoryTaskStore();
    await store.create(newTask({ ttlMs: 1 }));
    await store.create(newTask({ taskId: 'task-2' }, { nowMs: T0_MS + 1 }));
    await store.close();
    await store.close();
    const nowMs = T0_MS;
    const calls = [
      store.create(newTask()),
      store.get({ taskIds: [], kinds: [], nowMs }),
      store.update({ taskId: 'task-1', expectedVersion: 1, patch: { head: {} }, nowMs }),
      store.list({ owner: 'alice', limit: 1, nowMs }),
      store.due({ handlers: [], limit: 1, nowMs }),
      store.renew({ leases: [], dueAtMs: nowMs, nowMs }),
      store.deleteExpired({ nowMs, limit: 1 }),
      store.watch(() => undefined),
    ];
    for (const call of calls) await expect(call).rejects.toMatchObject({ code: 'STORE_CLOSED' });
    expect(store.sizes()).toEqual(EMPTY);
  });
});
