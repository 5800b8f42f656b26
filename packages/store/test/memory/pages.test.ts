import { describe, expect, it } from 'vitest';
import type { ListPosition, TaskStore } from '../../src/index.ts';
import { MemoryTaskStore } from '../../src/memory/memory-task-store.ts';
import { HOUR_MS, newTask, T0_MS } from '../heads.ts';

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
