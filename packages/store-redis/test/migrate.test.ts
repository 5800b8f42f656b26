import { TASK_ENTRY_KINDS, type TaskEntry, type TaskHead, type TaskStore } from '@mcp-tasks/store';
import { claimOf, newHead, newTask, NOW_MS, ROOMY } from '@mcp-tasks/store-testing';
import { expect, it } from 'vitest';
import { checkIndexes } from './support/indexes.ts';
import { type OldHead, storeInLayout1 } from './support/layout-1.ts';
import { describeWithServer, keysOf, makeStore, openStore, temporaryName, withRedis } from './support/redis.ts';

const HOUR_MS = 3_600_000;

const entries: readonly TaskEntry[] = [
  { kind: 'call', name: '', value: '{"é":1}' },
  { kind: 'checkpoint', name: 'ü', value: '1' },
];

/** Fields of a head that layout 1 did not know. */
const NEW = new Set(['writeId', 'queue', 'entryBytes']);

function oldHead(taskId: string, fields: Partial<TaskHead> & { toolError?: string } = {}): OldHead {
  const known = Object.entries({ ...newHead({ taskId }), ...fields }).filter(([name]) => !NEW.has(name));
  return Object.fromEntries(known) as unknown as OldHead;
}

/** A task in every state. */
const OLD: readonly OldHead[] = [
  oldHead('queued', { holder: 'process-1', dueAtMs: NOW_MS + HOUR_MS / 2 }),
  oldHead('running', { attempt: 1, holder: 'process-1', dueAtMs: NOW_MS + HOUR_MS / 2, progress: { done: 1 } }),
  oldHead('lost', { attempt: 2, holder: 'process-1', dueAtMs: NOW_MS - 5, crashCount: 1 }),
  oldHead('sleeping', { attempt: 1, dueAtMs: NOW_MS + HOUR_MS / 2 }),
  oldHead('parked', { attempt: 1, dueAtMs: null, status: 'input_required', openQuestions: ['q'] }),
  oldHead('completed', { attempt: 1, dueAtMs: null, status: 'completed', toolError: 'no' }),
  oldHead('failed', { attempt: 1, dueAtMs: null, status: 'failed' }),
  oldHead('cancelled', { dueAtMs: null, status: 'cancelled' }),
  oldHead('expired', { dueAtMs: NOW_MS - 5, expiresAtMs: NOW_MS - 1 }),
  oldHead('foreign', { owner: 'another\0 é', dueAtMs: null }),
];

/** Keys of layout 1 with a task in every state. */
async function layout1(): Promise<string> {
  const name = temporaryName();
  await withRedis(async (redis) => {
    for (const head of OLD) await storeInLayout1(redis, `{${name}}:`, head, entries, `key ${head.taskId}`);
  });
  return name;
}

const read = async (store: TaskStore) =>
  store.get({ taskIds: OLD.map(({ taskId }) => taskId), kinds: TASK_ENTRY_KINDS, nowMs: NOW_MS });

describeWithServer('keys of layout 1', () => {
  it('[DURA-06] are brought along when a store opens: every task in its state, with its entries and bytes', async () => {
    const name = await layout1();
    const store = await openStore({ name });
    const records = await read(store);
    const expected = OLD.filter(({ taskId }) => taskId !== 'expired').map(({ toolError, ...head }) => ({
      ...head,
      writeId: '',
      queue: '',
      entryBytes: 11,
      ...(toolError !== undefined && { resultError: toolError }),
    }));
    const [queued] = expected;
    for (const [index, { head, entries: found }] of records.entries()) {
      expect(found).toEqual(entries);
      if (head.taskId !== 'queued') expect(head).toEqual(expected[index]);
    }
    expect(records).toHaveLength(expected.length);
    // It never began: no holder may be counted as crashed, and its time has come.
    expect(records[0]?.head).toEqual({ ...queued, holder: undefined, dueAtMs: expect.any(Number) as number });
    expect(records[0]?.head.dueAtMs).toBeLessThan(Date.now());
    expect(await withRedis((redis) => redis.hgetall(`{${name}}:schema`))).toEqual({
      version: '2',
      compatibleFrom: '2',
    });
    const left = (await keysOf(name)).filter((key) => /\}:([asd]:|x$)/.test(key));
    expect(left).toEqual([]);
    await checkIndexes(name);
  });

  it('[DURA-06] have queued tasks that are due at once, whose lease had not ended', async () => {
    const name = temporaryName();
    const times = { dueAtMs: Date.now() + HOUR_MS, expiresAtMs: Date.now() + 2 * HOUR_MS };
    await withRedis((redis) => storeInLayout1(redis, `{${name}}:`, oldHead('a', { holder: 'process-1', ...times })));
    const store = await openStore({ name });
    const { records } = await store.claim(claimOf({ nowMs: Date.now() + 1_000, suspects: 0 }));
    expect(records).toMatchObject([{ head: { taskId: 'a', attempt: 1, crashCount: 0 } }]);
  });

  it('[DURA-06] go on: claims, keys, limits, updates and sweeps find what they found before', async () => {
    const name = await layout1();
    const store = await openStore({ name });
    const nowMs = NOW_MS + HOUR_MS / 2;
    const { records } = await store.claim(claimOf({ holder: 'process-2', nowMs }));
    const crashes = records.map(({ head }) => [head.taskId, head.attempt, head.crashCount]).sort();
    expect(crashes).toEqual([
      ['lost', 3, 2],
      ['queued', 1, 0],
      ['running', 2, 1],
      ['sleeping', 2, 0],
    ]);
    const same = newTask({}, { idempotencyKey: 'key parked' });
    expect(await store.create(same)).toMatchObject({ status: 'existing', head: { taskId: 'parked' } });
    const limits = { ...ROOMY, maxStoredTasks: 8 };
    expect(await store.create(newTask({}, { limits }))).toMatchObject({ status: 'over-quota' });
    const update = { patch: { head: { statusMessage: 'x' } }, writeId: 'next', nowMs };
    expect(await store.update({ ...update, taskId: 'parked', expected: { version: 1, writeId: '' } })).toMatchObject({
      status: 'updated',
      head: { version: 2, writeId: 'next' },
    });
    await checkIndexes(name);
    expect(await store.deleteExpired({ nowMs: NOW_MS + HOUR_MS, limit: 100 })).toHaveLength(9);
    await checkIndexes(name);
  });

  it('[DURA-06][DURA-07] are brought along once by many stores that open at once, and after one that stopped half way', async () => {
    const name = temporaryName();
    await withRedis(async (redis) => {
      for (let count = 0; count < 250; count += 1) {
        await storeInLayout1(redis, `{${name}}:`, oldHead(`task ${count}`, { owner: `owner ${count % 7}` }), entries);
      }
      // A damaged task stops nothing.
      await redis.set(`{${name}}:t:task 3`, 'x');
    });
    const stores = Array.from({ length: 5 }, () => makeStore({ name }));
    await Promise.all(stores.map(async (store) => store.open?.()));
    const { heads } = (await stores[0]?.list({ owner: 'owner 1', limit: 100, nowMs: NOW_MS })) ?? {};
    expect(heads).toHaveLength(36);
    await expect(stores[0]?.get({ taskIds: ['task 3'], kinds: [], nowMs: NOW_MS })).rejects.toMatchObject({
      code: 'STORE_CORRUPT_RECORD',
    });
    await withRedis((redis) => redis.del(`{${name}}:t:task 3`));
    // Its owner cannot be known: the list of the owner drops its place, as native expiry would.
    await stores[0]?.list({ owner: 'owner 3', limit: 100, nowMs: NOW_MS });
    await stores[0]?.deleteExpired({ nowMs: NOW_MS + HOUR_MS, limit: 1_000 });
    expect(await keysOf(name)).toEqual([`{${name}}:schema`]);
  });
});
