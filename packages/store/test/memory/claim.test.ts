import { describe, expect, it } from 'vitest';
import { newClaim, newHead, T0_MS } from '../heads.ts';
import { claimedIds, storeOf } from './memory-stores.ts';

describe('a claim of the memory store', () => {
  it('[DURA-07] gives due tasks their next attempt, holder, lease, version and write id, and answers their records', async () => {
    const store = await storeOf({ taskId: 'task-1', attempt: 2, crashCount: 1, dueAtMs: T0_MS + 1 });
    const outcome = await store.claim(newClaim({ kinds: ['call'], nowMs: T0_MS + 3 }));
    const head = newHead({
      attempt: 3,
      crashCount: 1,
      holder: 'here',
      version: 2,
      writeId: 'claimed',
      dueAtMs: T0_MS + 20_003,
      lastUpdatedAtMs: T0_MS + 3,
    });
    expect(outcome).toEqual({
      records: [{ head, entries: [{ kind: 'call', name: '', value: '{"arguments":{}}' }] }],
      lastOwner: 'alice',
      nextDueAtMs: T0_MS + 20_003,
    });
    expect(await store.get({ taskIds: ['task-1'], kinds: [], nowMs: T0_MS })).toEqual([{ head, entries: [] }]);
  });

  it('[DURA-07] leaves what is not due, parked, over, of another handler or of another queue', async () => {
    const store = await storeOf(
      { dueAtMs: T0_MS + 1 },
      { dueAtMs: null },
      { status: 'failed' },
      { handler: 'other' },
      { queue: 'slow' },
      { status: 'input_required', openQuestions: ['q'] },
    );
    expect(claimedIds(await store.claim(newClaim()))).toEqual(['task-5']);
    const wider = { handlers: [{ name: 'other' }, { name: 'count' }, { name: 'other' }], queues: ['slow', ''] };
    expect(claimedIds(await store.claim(newClaim({ ...wider, writeId: 'wider' })))).toEqual(['task-3', 'task-4']);
  });

  it('[DURA-07] takes the longest due of an owner first, over all handlers and queues, up to its limit', async () => {
    const store = await storeOf(
      { dueAtMs: T0_MS - 1 },
      { dueAtMs: T0_MS - 3, handler: 'other' },
      { dueAtMs: T0_MS - 2, queue: 'slow' },
      { dueAtMs: T0_MS - 3 },
      { dueAtMs: T0_MS - 4, holder: 'gone', attempt: 1 },
    );
    const fields = { handlers: [{ name: 'count' }, { name: 'other' }], queues: ['', 'slow'], limit: 4 };
    const outcome = await store.claim(newClaim(fields));
    expect(claimedIds(outcome)).toEqual(['task-4', 'task-1', 'task-3', 'task-2']);
    expect(outcome.nextDueAtMs).toBe(T0_MS - 1);
  });

  it('[DURA-07] gives no task to two of 50 claims at once', async () => {
    const store = await storeOf(...Array.from({ length: 60 }, (_, number) => ({ owner: `owner-${number % 7}` })));
    const claims = Array.from({ length: 50 }, (_, number) =>
      newClaim({ holder: `p${number}`, writeId: `claim-${number}`, limit: 2 }),
    );
    const outcomes = await Promise.all(claims.map((claim) => store.claim(claim)));
    const ids = outcomes.flatMap(claimedIds);
    expect(ids).toHaveLength(60);
    expect(new Set(ids).size).toBe(60);
  });

  it('[DURA-07] by ids takes only these, if they are due and of its handlers and queues, without turns', async () => {
    const store = await storeOf(
      {},
      {},
      { owner: 'bob' },
      { dueAtMs: T0_MS + 1 },
      { dueAtMs: null },
      { status: 'cancelled' },
      { handler: 'other' },
      { queue: 'slow' },
    );
    const ids = ['task-2', 'task-1', 'task-1', 'task-3', 'task-4', 'task-5', 'task-6', 'task-7', 'missing', 'task-0'];
    const turns = { perOwner: 1, owners: [{ owner: 'alice', limit: 0 }], afterOwner: 'bob' };
    const outcome = await store.claim(newClaim({ ...turns, taskIds: ids }));
    expect(claimedIds(outcome).toSorted()).toEqual(['task-0', 'task-1', 'task-2']);
    expect(outcome).not.toHaveProperty('lastOwner');
    const none = await store.claim(newClaim({ taskIds: [], writeId: 'none' }));
    expect(none.records).toEqual([]);
  });

  it('[DURA-07] by ids takes no more than its limit', async () => {
    const store = await storeOf({}, {}, {});
    const outcome = await store.claim(newClaim({ taskIds: ['task-0', 'task-1', 'task-2'], limit: 2 }));
    expect(outcome.records).toHaveLength(2);
  });

  it('[DURA-07] whose present goes back takes what is due by it, also after a claim that was ahead', async () => {
    const store = await storeOf(
      { dueAtMs: T0_MS + 10 },
      { dueAtMs: T0_MS + 20 },
      { dueAtMs: T0_MS + 20, owner: 'bob' },
      { dueAtMs: T0_MS + 90, owner: 'carol' },
    );
    const ahead = await store.claim(newClaim({ writeId: 'ahead', nowMs: T0_MS + 50, limit: 1 }));
    expect(claimedIds(ahead)).toEqual(['task-0']);
    const back = await store.claim(newClaim({ writeId: 'back', nowMs: T0_MS + 19 }));
    expect(back).toMatchObject({ records: [], nextDueAtMs: T0_MS + 20 });
    // A task that gets its time while claims were ahead of it already.
    const task = { taskId: 'task-3', expected: { version: 1, writeId: 'created' }, writeId: 'earlier' };
    await store.update({ ...task, patch: { head: { dueAtMs: T0_MS + 30 } }, nowMs: T0_MS + 19 });
    const then = await store.claim(newClaim({ writeId: 'then', nowMs: T0_MS + 29 }));
    expect(claimedIds(then)).toEqual(['task-1', 'task-2']);
    const last = await store.claim(newClaim({ writeId: 'last', nowMs: T0_MS + 30 }));
    expect(claimedIds(last)).toEqual(['task-3']);
  });
});

describe('nextDueAtMs of a claim of the memory store', () => {
  it('[DURA-07] is null where no task of its handlers and queues has a time', async () => {
    const store = await storeOf({ dueAtMs: null }, { status: 'failed' }, { handler: 'other' }, { queue: 'slow' });
    const outcome = await store.claim(newClaim());
    expect(outcome).toEqual({ records: [], nextDueAtMs: null });
  });

  it('[DURA-07] is the end of the lease after a claim of all there is', async () => {
    const store = await storeOf({}, {});
    const outcome = await store.claim(newClaim());
    expect(outcome.records).toHaveLength(2);
    expect(outcome.nextDueAtMs).toBe(T0_MS + 20_000);
    await store.renew({
      leases: outcome.records.map(({ head: { taskId, attempt } }) => ({ taskId, attempt, holder: 'here' })),
      leaseMs: 20_000,
      nowMs: T0_MS + 5,
    });
    const idle = await store.claim(newClaim({ writeId: 'idle', nowMs: T0_MS + 5 }));
    expect(idle.nextDueAtMs).toBe(T0_MS + 20_005);
  });

  it('[DURA-07] is the time of a sleeper, or of what was left', async () => {
    const store = await storeOf({}, { dueAtMs: T0_MS + 7 }, { dueAtMs: T0_MS - 5, holder: 'gone', attempt: 1 });
    const claim = newClaim({ takesLostRuns: false });
    expect(await store.claim(claim)).toMatchObject({ nextDueAtMs: T0_MS - 5 });
    expect(await store.claim({ ...claim, takesLostRuns: true, writeId: 'all' })).toMatchObject({
      nextDueAtMs: T0_MS + 7,
    });
  });
});
