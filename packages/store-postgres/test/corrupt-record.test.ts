import { TASK_ENTRY_KINDS, type TaskStore } from '@mcp-tasks/store';
import { checkpoint, claimOf, HELD, leaseOf, newHead, NOW_MS, stored } from '@mcp-tasks/store-testing';
import { expect, it } from 'vitest';
import { describeWithServer, openStore, query, temporarySchema } from './support/postgres.ts';

/** Three tasks, from the newest to the oldest and from the longest due to the shortest; the middle one is spoilt. */
async function spoilt(change: string): Promise<TaskStore> {
  const schema = temporarySchema();
  const store = await openStore({ schema });
  for (const [index, taskId] of ['first', 'bad', 'last'].entries()) {
    const times = { createdAtMs: NOW_MS - index, dueAtMs: NOW_MS - 10 + index };
    await stored(store, { taskId, joinKey: 'key', joinState: 'left', ...HELD, ...times }, [
      { kind: 'call', name: '', value: '{}' },
    ]);
  }
  await query(`UPDATE ${schema}.${change} AND task_id = 'bad'`);
  return store;
}

const get = (store: TaskStore, taskIds: string[]) =>
  store.get({ taskIds, kinds: TASK_ENTRY_KINDS, nowMs: NOW_MS }).then((found) => found.map(({ head }) => head.taskId));

const SPOIL_HEAD = "tasks SET progress_json = '{' WHERE true";
const bad = {
  code: 'STORE_CORRUPT_RECORD',
  retryable: false,
  details: { taskId: 'bad' },
  message: expect.stringContaining('The record of task bad cannot be decoded') as string,
};

describeWithServer('a record that cannot be decoded', () => {
  it.each([
    ['a status that does not exist', "status = 'unknown'"],
    ['an owner that is not UTF-8', "owner = '\\xc3'"],
    ['a holder that is not JSON', "holder_json = 'process-1'"],
    ['progress that is something else', "progress_json = '[1]'"],
    ['questions that are not a list', "open_questions_json = '{}'"],
    ['a join state that does not exist', "join_state = 'unknown'"],
    ['a number that none has', 'version = 9223372036854775807, ttl_ms = NULL'],
  ])('because of %s is reported with its id, and the others are read', async (_case, change) => {
    // A constraint that somebody dropped protects nothing.
    const drop = change.includes('NULL');
    const store = drop ? await withoutConstraint(change) : await spoilt(`tasks SET ${change} WHERE true`);
    await expect(get(store, ['bad'])).rejects.toMatchObject(bad);
    expect((await get(store, ['last', 'bad', 'first'])).sort()).toEqual(['first', 'last']);
  });

  it('because of an entry is reported with its id, and the others are read', async () => {
    const store = await spoilt("task_entries SET name = '\\xff' WHERE true");
    await expect(get(store, ['bad'])).rejects.toMatchObject(bad);
    expect(await get(store, ['bad', 'first'])).toEqual(['first']);
    const heads = await store.get({ taskIds: ['bad'], kinds: [], nowMs: NOW_MS });
    expect(heads).toHaveLength(1);
  });

  it('does not stand in the way of a page', async () => {
    const store = await spoilt(SPOIL_HEAD);
    const page = await store.list({ owner: 'owner', limit: 2, nowMs: NOW_MS });
    expect([page.heads.map(({ taskId }) => taskId), page.hasMore]).toEqual([['first', 'last'], false]);
    const after = { createdAtMs: NOW_MS, taskId: 'first' };
    const rest = await store.list({ owner: 'owner', after, limit: 1, nowMs: NOW_MS });
    expect([rest.heads.map(({ taskId }) => taskId), rest.hasMore]).toEqual([['last'], false]);
    expect(await store.list({ owner: 'owner', limit: 1, nowMs: NOW_MS })).toMatchObject({ hasMore: true });
  });

  it('does not stand in the way of due tasks', async () => {
    const store = await spoilt(SPOIL_HEAD);
    const due = await store.due({ handlers: ['tool'], queues: [''], limit: 2, nowMs: NOW_MS });
    expect(due.map(({ taskId }) => taskId)).toEqual(['first', 'last']);
  });

  it('does not stand in the way of a claim, nor of a call that joins', async () => {
    const store = await spoilt(SPOIL_HEAD);
    const { records } = await store.claim(claimOf());
    expect(records.map(({ head }) => head.taskId).sort()).toEqual(['first', 'last']);
    await expect(store.claim(claimOf())).resolves.toMatchObject({ records: [], nextDueAtMs: NOW_MS + 60_000 });
    const other = await spoilt("tasks SET progress_json = '{', created_at_ms = 9e15 WHERE true");
    const found = await other.findJoinable({ owner: 'owner', joinKey: 'key', nowMs: NOW_MS });
    expect(found).toMatchObject({ taskId: 'first' });
  });

  it('is reported to who writes it, and not held', async () => {
    const store = await spoilt(SPOIL_HEAD);
    const head = newHead({ taskId: 'bad', writeId: 'write 1' });
    await expect(store.update(checkpoint(head, 'a'))).rejects.toMatchObject(bad);
    await expect(store.update(checkpoint(head, 'a'))).rejects.toMatchObject(bad);
    const leases = ['first', 'bad', 'last'].map((taskId) => leaseOf({ taskId }));
    const held = await store.renew({ leases, leaseMs: 1, nowMs: NOW_MS });
    expect(held.map(({ taskId }) => taskId).sort()).toEqual(['first', 'last']);
  });

  it('goes with the others when it has expired', async () => {
    const store = await spoilt(SPOIL_HEAD);
    const removed = await store.deleteExpired({ nowMs: NOW_MS + 3_600_000, limit: 10 });
    expect(removed.map(({ taskId }) => taskId).sort()).toEqual(['first', 'last']);
    expect(await get(store, ['first', 'last'])).toEqual([]);
    await expect(get(store, ['bad'])).resolves.toEqual([]);
  });
});

async function withoutConstraint(change: string): Promise<TaskStore> {
  const schema = temporarySchema();
  const store = await openStore({ schema });
  for (const taskId of ['first', 'bad', 'last']) await stored(store, { taskId });
  await query(`ALTER TABLE ${schema}.tasks ALTER ttl_ms DROP NOT NULL`);
  await query(`UPDATE ${schema}.tasks SET ${change} WHERE task_id = 'bad'`);
  return store;
}
