import { claimOf, HELD, NOW_MS, stored } from '@mcp-tasks/store-testing';
import { describe, expect, it } from 'vitest';
import { openDatabase, openStore, temporaryFile } from './support/database.ts';

const names = (outcome: { readonly records: readonly { readonly head: { readonly taskId: string } }[] }) =>
  outcome.records.map(({ head }) => head.taskId).sort();

describe('claim', () => {
  it('[LIFE-05] claims nothing when it is sent again after every task that it claimed was written', async () => {
    const store = await openStore({ path: temporaryFile() });
    await stored(store, { taskId: 'a' });
    await stored(store, { taskId: 'b' });
    const claim = claimOf({ taskIds: ['a'] });
    const [record] = (await store.claim(claim)).records;
    if (record === undefined) throw new TypeError('Nothing was claimed.');
    const { head } = record;
    const update = { taskId: 'a', expected: head, writeId: 'another', patch: { head: {} }, nowMs: NOW_MS };
    await store.update(update);
    expect(names(await store.claim(claim))).toEqual([]);
    expect(names(await store.claim(claimOf()))).toEqual(['b']);
  });

  it('[LIFE-05] forgets claims whose leases have ended', async () => {
    const database = openDatabase(temporaryFile());
    const store = await openStore({ database });
    for (let round = 0; round < 30; round += 1) {
      await stored(store, { dueAtMs: NOW_MS });
      await store.claim(claimOf({ nowMs: NOW_MS + round, leaseMs: 2 }));
    }
    const { claims } = database.prepare('SELECT count(*) AS claims FROM mcp_task_claims').get({}) as { claims: number };
    expect(claims).toBeLessThan(5);
  });

  it('[LIFE-05] gets through far more tasks that become due at once than it moves in one step', async () => {
    const store = await openStore({ path: temporaryFile() });
    const sleeping = { dueAtMs: NOW_MS + 5 };
    await Promise.all(Array.from({ length: 700 }, (_, index) => stored(store, { ...sleeping, owner: `${index % 7}` })));
    const claimed = new Set<string>();
    for (let nextDueAtMs: number | null = NOW_MS; nextDueAtMs !== null && nextDueAtMs <= NOW_MS + 5;) {
      const outcome = await store.claim(claimOf({ nowMs: NOW_MS + 5 }));
      expect(outcome.records.length).toBeGreaterThan(0);
      for (const taskId of names(outcome)) claimed.add(taskId);
      ({ nextDueAtMs } = outcome);
    }
    expect(claimed.size).toBe(700);
  });

  it('[LIFE-05] finds a task that is due among handlers and queues that have none', async () => {
    const store = await openStore({ path: temporaryFile() });
    await stored(store, { taskId: 'lost', handler: 'tool 99', queue: 'engine 1', ...HELD });
    await stored(store, { taskId: 'due', handler: 'tool 7', queue: 'engine 0', owner: 'another' });
    const handlers = Array.from({ length: 100 }, (_, index) => ({ name: `tool ${index}` }));
    const queues = ['', 'engine 0', 'engine 1'];
    expect(names(await store.claim(claimOf({ handlers, queues })))).toEqual(['due', 'lost']);
  });

  it('[LIFE-05] looks past many suspects of one owner', async () => {
    const store = await openStore({ path: temporaryFile() });
    const suspects = Array.from({ length: 20 }, (_, index) =>
      stored(store, { crashCount: 2, dueAtMs: NOW_MS - 50 + index, taskId: `suspect ${10 + index}` }),
    );
    await Promise.all([...suspects, stored(store, { taskId: 'innocent' })]);
    const claim = { handlers: [{ name: 'tool', suspectCrashCount: 2 }], limit: 3 };
    expect(names(await store.claim(claimOf({ ...claim, suspects: 1 })))).toEqual(['innocent', 'suspect 10']);
    expect(names(await store.claim(claimOf({ ...claim, suspects: 9 })))).toEqual([
      'suspect 11',
      'suspect 12',
      'suspect 13',
    ]);
  });

  it('[LIFE-05] makes no use of the turn of an owner whose due tasks have expired', async () => {
    const store = await openStore({ path: temporaryFile() });
    await stored(store, { owner: 'a', expiresAtMs: NOW_MS + 1 });
    await stored(store, { owner: 'b', taskId: 'live' });
    const outcome = await store.claim(claimOf({ nowMs: NOW_MS + 1, limit: 1 }));
    expect([names(outcome), outcome.lastOwner]).toEqual([['live'], 'b']);
  });
});
