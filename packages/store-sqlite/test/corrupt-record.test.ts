import { TASK_ENTRY_KINDS } from '@mcp-tasks/store';
import { checkpoint, claimOf, leaseOf, NOW_MS, stored } from '@mcp-tasks/store-testing';
import { describe, expect, it } from 'vitest';
import type { SqliteTaskStore } from '../src/index.ts';
import { openDatabase, openStore, temporaryFile } from './support/database.ts';

/** Three tasks, from the newest to the oldest and from the longest due to the shortest; the middle one is spoilt. */
async function spoilt(change: string) {
  const database = openDatabase(temporaryFile());
  const store = await openStore({ database });
  for (const [index, taskId] of ['first', 'bad', 'last'].entries()) {
    const head = { taskId, writeId: `write of ${taskId}`, createdAtMs: NOW_MS - index, dueAtMs: NOW_MS - 10 + index };
    await stored(store, head, [{ kind: 'call', name: '', value: '{}' }]);
  }
  database.exec(change);
  return store;
}

const get = (store: SqliteTaskStore, taskIds: string[]) =>
  store.get({ taskIds, kinds: TASK_ENTRY_KINDS, nowMs: NOW_MS }).then((found) => found.map(({ head }) => head.taskId));

const SPOIL_HEAD = "UPDATE mcp_tasks SET status = 'unknown', due_at_ms = due_at_ms WHERE task_id = CAST('bad' AS BLOB)";
const bad = { code: 'STORE_CORRUPT_RECORD', retryable: false, details: { taskId: 'bad' } };

describe('a record that cannot be decoded', () => {
  it.each([
    ['a status that does not exist', "status = 'unknown'"],
    ['text that is not UTF-8', "status_message = x'ff'"],
    ['progress that is not JSON', "progress = CAST('{' AS BLOB)"],
    ['progress that is something else', "progress = CAST('[1]' AS BLOB)"],
    ['questions that are not a list', "open_questions = CAST('{}' AS BLOB)"],
    ['an owner that is not UTF-8', "owner = x'c3'"],
  ])('because of %s is reported with its id, and the others are read', async (_case, change) => {
    const store = await spoilt(`UPDATE mcp_tasks SET ${change} WHERE task_id = CAST('bad' AS BLOB)`);
    await expect(get(store, ['bad'])).rejects.toMatchObject(bad);
    await expect(get(store, ['bad'])).rejects.toThrow('The record of task bad cannot be decoded');
    expect(await get(store, ['last', 'bad', 'first'])).toEqual(['last', 'first']);
  });

  it('because of an entry is reported with its id, and the others are read', async () => {
    const store = await spoilt(
      "UPDATE mcp_task_entries SET value = x'ff' WHERE task_seq = (SELECT seq FROM mcp_tasks WHERE task_id = CAST('bad' AS BLOB))",
    );
    await expect(get(store, ['bad'])).rejects.toMatchObject(bad);
    expect(await get(store, ['bad', 'first'])).toEqual(['first']);
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
    const store = await spoilt(SPOIL_HEAD.replace("'unknown'", "'working', attempt = 0, progress = x'ff'"));
    const due = await store.due({ handlers: ['tool'], queues: [''], limit: 2, nowMs: NOW_MS });
    expect(due.map(({ taskId }) => taskId)).toEqual(['first', 'last']);
  });

  it('is claimed, so that it is due no more, and left out of the answer', async () => {
    const store = await spoilt("UPDATE mcp_tasks SET progress = x'ff' WHERE task_id = CAST('bad' AS BLOB)");
    const claim = claimOf({ limit: 2, leaseMs: 5 });
    for (const again of [claim, claim]) {
      const { records, nextDueAtMs } = await store.claim(again);
      expect(records.map(({ head }) => head.taskId)).toEqual(['first']);
      expect(nextDueAtMs).toBe(NOW_MS - 8);
    }
    const { records, nextDueAtMs } = await store.claim(claimOf({ leaseMs: 5 }));
    expect([records.map(({ head }) => head.taskId), nextDueAtMs]).toEqual([['last'], NOW_MS + 5]);
  });

  it('is not written, and not held', async () => {
    const store = await spoilt(
      "UPDATE mcp_tasks SET attempt = 1, holder = CAST('process-1' AS BLOB); UPDATE mcp_tasks SET progress = x'ff' WHERE task_id = CAST('bad' AS BLOB)",
    );
    const update = { ...checkpoint(await stored(store), 'a'), taskId: 'bad' };
    const expected = { version: 1, writeId: 'write of bad' };
    for (const sent of [update, { ...update, expected }]) {
      await expect(store.update(sent)).rejects.toMatchObject(bad);
    }
    const leases = ['first', 'bad', 'last'].map((taskId) => leaseOf({ taskId }));
    const held = await store.renew({ leases, leaseMs: 1, nowMs: NOW_MS });
    expect(held.map(({ taskId }) => taskId).sort()).toEqual(['first', 'last']);
  });

  it('goes with the others when it has expired', async () => {
    const store = await spoilt(SPOIL_HEAD);
    expect(await store.deleteExpired({ nowMs: NOW_MS + 3_600_000, limit: 10 })).toHaveLength(2);
    expect(await store.deleteExpired({ nowMs: NOW_MS + 3_600_000, limit: 10 })).toEqual([]);
  });
});
