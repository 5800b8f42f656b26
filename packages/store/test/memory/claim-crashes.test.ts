import { describe, expect, it } from 'vitest';
import { firstWrite, newClaim, T0_MS } from '../heads.ts';
import { claimedIds, storeOf } from './memory-stores.ts';

describe('lost runs in a claim of the memory store', () => {
  it('[DURA-03] count a crash where another process held the task, and none elsewhere', async () => {
    const store = await storeOf(
      { holder: 'gone', attempt: 1, crashCount: 1 },
      { holder: 'here', attempt: 1, crashCount: 1 },
      { attempt: 1, crashCount: 1 },
    );
    const { records } = await store.claim(newClaim());
    expect(records.map(({ head }) => [head.attempt, head.crashCount])).toEqual([
      [2, 2],
      [2, 1],
      [2, 1],
    ]);
  });

  it('[DURA-03] are taken from the end of their lease on', async () => {
    const store = await storeOf({ holder: 'gone', attempt: 1, dueAtMs: T0_MS + 20_000 });
    const early = newClaim({ writeId: 'early', nowMs: T0_MS + 19_999 });
    expect(claimedIds(await store.claim(early))).toEqual([]);
    expect(claimedIds(await store.claim({ ...early, writeId: 'then', nowMs: T0_MS + 20_000 }))).toEqual(['task-0']);
  });

  it('[DURA-03] are left alone by a claim that takes none, also by its ids, whoever held them', async () => {
    const store = await storeOf({ holder: 'gone', attempt: 1 }, {}, { holder: 'here', attempt: 1, owner: 'bob' });
    const claim = newClaim({ takesLostRuns: false });
    const byIds = await store.claim({ ...claim, writeId: 'ids', taskIds: ['task-0', 'task-2'] });
    expect(byIds.records).toEqual([]);
    expect(await store.claim(claim)).toMatchObject({ records: [{ head: { taskId: 'task-1' } }], lastOwner: 'alice' });
  });

  it('[DURA-03] are among the queued tasks again when they were given back in time', async () => {
    const store = await storeOf({ taskId: 'task-1', holder: 'gone', attempt: 1 });
    // The due time stays as it was: only the holder goes.
    await store.update(firstWrite({ patch: { head: { holder: null } } }));
    const { records } = await store.claim(newClaim({ takesLostRuns: false }));
    expect(records).toMatchObject([{ head: { attempt: 2, crashCount: 0 } }]);
  });
});

describe('suspects in a claim of the memory store', () => {
  const crashed = (crashCount: number) => ({ attempt: crashCount, crashCount, holder: 'gone' });
  const handlers = [{ name: 'count', suspectCrashCount: 2 }, { name: 'careless' }];

  it('[DURA-03] are tasks with the crash count of their handler, counted after the claim', async () => {
    const store = await storeOf(
      crashed(1),
      crashed(0),
      { ...crashed(1), holder: undefined },
      { ...crashed(2), holder: undefined },
      { ...crashed(1), holder: 'here' },
      { ...crashed(9), handler: 'careless' },
    );
    const outcome = await store.claim(newClaim({ handlers, suspects: 0 }));
    expect(claimedIds(outcome)).toEqual(['task-1', 'task-2', 'task-4', 'task-5']);
    expect(outcome.nextDueAtMs).toBe(T0_MS);
  });

  it('[DURA-03] are taken up to their own number, and stand in no other task’s way', async () => {
    const store = await storeOf(crashed(1), crashed(4), { ...crashed(1), owner: 'bob' }, {});
    const claim = newClaim({ handlers, suspects: 1, perOwner: 2 });
    expect(claimedIds(await store.claim(claim))).toEqual(['task-0', 'task-3']);
    expect(claimedIds(await store.claim({ ...claim, writeId: 'next', suspects: 2 }))).toEqual(['task-1', 'task-2']);
  });

  it('[DURA-03] count by id too', async () => {
    const store = await storeOf(crashed(1), crashed(1));
    const claim = newClaim({ handlers, suspects: 1, taskIds: ['task-0', 'task-1'] });
    expect(claimedIds(await store.claim(claim))).toEqual(['task-0']);
  });
});
