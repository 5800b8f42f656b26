import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TaskHead } from '../../src/index.ts';
import { MemoryRecord } from '../../src/memory/memory-record.ts';
import { MemoryTaskStore } from '../../src/memory/memory-task-store.ts';
import { firstWrite, HOUR_MS, newClaim, newTask, T0_MS, WIDE_LIMITS } from '../heads.ts';
import { claimedIds } from './memory-stores.ts';

const TASKS = 100_000;
const OWNERS = 10_000;
const DAY_MS = 24 * HOUR_MS;

/** How often a head of a stored task was looked at, by all stores of this file. */
let looks = 0;
const headProperty = Object.getOwnPropertyDescriptor(MemoryRecord.prototype, 'head');

beforeAll(() => {
  Object.defineProperty(MemoryRecord.prototype, 'head', {
    ...headProperty,
    get(this: MemoryRecord): unknown {
      looks += 1;
      return headProperty?.get?.call(this);
    },
  });
});

afterAll(() => {
  if (headProperty !== undefined) Object.defineProperty(MemoryRecord.prototype, 'head', headProperty);
});

async function looksOf<Value>(call: () => Promise<Value>): Promise<{ readonly value: Value; readonly looks: number }> {
  const before = looks;
  const value = await call();
  return { value, looks: looks - before };
}

/** A store with many tasks, each of its owner in turn. */
async function manyTasks(count: number, owners: number, fields: (number: number) => Partial<TaskHead>) {
  const store = new MemoryTaskStore();
  for (let number = 0; number < count; number += 1) {
    const task = { taskId: `task-${number}`, owner: `owner-${number % owners}`, ttlMs: DAY_MS, ...fields(number) };
    await store.create(newTask(task));
  }
  return store;
}

/** Sleeping tasks, whose times are in no order. */
const sleeping = (number: number) => ({ dueAtMs: T0_MS + 1 + ((number * 7_919) % HOUR_MS) });

describe('the cost of the memory store with 100,000 sleeping tasks of 10,000 owners', () => {
  let store: MemoryTaskStore;
  beforeAll(async () => {
    store = await manyTasks(TASKS, OWNERS, sleeping);
  });

  it('[STOR-01] of a claim of 16 grows with what it takes', async () => {
    for (let number = 0; number < 16; number += 1) {
      await store.create(newTask({ taskId: `due-${number}`, owner: `owner-${number}`, ttlMs: DAY_MS }));
    }
    const idle = await looksOf(() => store.claim(newClaim({ handlers: [{ name: 'none' }], writeId: 'none' })));
    expect(idle.looks).toBeLessThan(10);
    const claim = await looksOf(() => store.claim(newClaim({ limit: 16, perOwner: 2 })));
    expect(claim.value.records).toHaveLength(16);
    // Each of the 16 is found once, and moved in two indexes of 100,000.
    expect(claim.looks).toBeLessThan(16 * 120);
    const empty = await looksOf(() => store.claim(newClaim({ writeId: 'empty', nowMs: T0_MS })));
    expect(empty.value.records).toEqual([]);
    expect(empty.looks).toBeLessThan(20);
  });

  it('[STOR-01] of a create and of an update does not grow with the tasks', async () => {
    const fields = { taskId: 'new', owner: 'owner-7', ttlMs: DAY_MS - 1, dueAtMs: T0_MS + 999 };
    const create = await looksOf(() => store.create(newTask(fields, { idempotencyKey: 'key' })));
    expect(create.value.status).toBe('created');
    expect(create.looks).toBeLessThan(120);
    const head = { dueAtMs: T0_MS + HOUR_MS / 2, expiresAtMs: T0_MS + HOUR_MS };
    const update = await looksOf(() => store.update(firstWrite({ taskId: 'new', patch: { head } })));
    expect(update.value.status).toBe('updated');
    expect(update.looks).toBeLessThan(240);
    const due = await looksOf(() =>
      store.due({
        handlers: ['count'],
        queues: [''],
        after: { dueAtMs: T0_MS + 5_000, taskId: 'x' },
        limit: 16,
        nowMs: T0_MS + HOUR_MS,
      }),
    );
    expect(due.value).toHaveLength(16);
    expect(due.looks).toBeLessThan(400);
  });

  it('[STOR-01] of claims all together is a little for each task that they take', async () => {
    const nowMs = T0_MS + HOUR_MS;
    const begin = looks;
    let taken = 0;
    let afterOwner: string | undefined;
    for (let turn = 0; ; turn += 1) {
      const fields = { writeId: `claim-${turn}`, limit: 1_000, perOwner: 3, leaseMs: DAY_MS, afterOwner, nowMs };
      const { records, lastOwner } = await store.claim(newClaim(fields));
      if (records.length === 0) break;
      taken += records.length;
      afterOwner = lastOwner;
    }
    expect(taken).toBeGreaterThanOrEqual(TASKS);
    expect((looks - begin) / taken).toBeLessThan(200);
  });
});

describe('the cost of the memory store', () => {
  it('[STOR-01] of a claim that takes no lost runs does not grow with their number', async () => {
    const lost = { holder: 'gone', attempt: 1, owner: 'alice' };
    const store = await manyTasks(5_000, 1, () => lost);
    await store.create(newTask({ taskId: 'queued', dueAtMs: T0_MS }));
    const claim = await looksOf(() => store.claim(newClaim({ takesLostRuns: false, limit: 16 })));
    expect(claimedIds(claim.value)).toEqual(['queued']);
    expect(claim.looks).toBeLessThan(100);
  });

  it('[STOR-01][LIFE-09] of due tasks of other handlers does not grow with those of the named ones', async () => {
    const store = await manyTasks(5_000, 10, (number) => ({
      handler: number === 7 ? 'unknown' : `tool ${number % 5}`,
    }));
    const except = ['tool 0', 'tool 1', 'tool 2', 'tool 3', 'tool 4'];
    const due = await looksOf(() => store.due({ handlers: { except }, queues: [''], limit: 100, nowMs: T0_MS }));
    expect(due.value.map(({ taskId }) => taskId)).toEqual(['task-7']);
    expect(due.looks).toBeLessThan(10);
  });

  it('[STOR-01] of a claim does not grow with the due tasks of an owner, nor with those that are due later', async () => {
    const store = await manyTasks(5_000, 1, (number) => ({ dueAtMs: T0_MS + number }));
    // All become due for a process whose clock is ahead: each task is moved once.
    const nowMs = T0_MS + 5_000;
    await store.claim(newClaim({ writeId: 'ahead', limit: 1, nowMs }));
    const full = await looksOf(() => store.claim(newClaim({ writeId: 'full', limit: 16, nowMs })));
    expect(full.value.records).toHaveLength(16);
    expect(full.looks).toBeLessThan(16 * 120);
    const behind = await looksOf(() => store.claim(newClaim({ writeId: 'behind', nowMs: T0_MS + 20 })));
    expect(behind.value.records).toHaveLength(4);
    expect(behind.looks).toBeLessThan(4 * 120);
  });

  it('[STOR-01] of a create whose owner has 5,000 expired tasks is that of 100 at most', async () => {
    const store = await manyTasks(5_000, 1, () => ({ owner: 'alice', ttlMs: 1_000 }));
    const nowMs = T0_MS + 1_000;
    // Each task crosses the line to the expired ones once.
    await store.list({ owner: 'alice', limit: 1, nowMs });
    const task = newTask({ taskId: 'new', createdAtMs: nowMs }, { limits: { ...WIDE_LIMITS, maxStoredTasks: 10 } });
    const create = await looksOf(() => store.create(task));
    expect(create.value).toMatchObject({ status: 'over-quota', retryable: true });
    expect(create.looks).toBeLessThan(100 * 60);
    expect(store.sizes()['expired']).toBe(4_900);
  });

  it('[STOR-01] of findJoinable does not grow with the tasks of the owner', async () => {
    const store = await manyTasks(5_000, 1, (number) => ({ joinKey: `key-${number % 2}`, joinState: 'told' }));
    const found = await looksOf(() => store.findJoinable({ owner: 'owner-0', joinKey: 'key-1', nowMs: T0_MS }));
    expect(found.value?.taskId).toBe('task-999');
    expect(found.looks).toBeLessThan(10);
  });
});
