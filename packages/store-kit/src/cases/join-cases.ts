import assert from 'node:assert/strict';
import type { TaskHead } from '@mcp-tasks/store';
import { assertSameHead, HOUR_MS, mustRead, newTask, stored, updateOf } from '../sides/records.ts';
import { contractCase } from './case-kit.ts';

/** Promise 3b: findJoinable. */
export const joinCases = [
  contractCase(
    {
      id: 'join-finds',
      promise: 3,
      title: '[CLNT-03] finds the newest live task of an owner with a join key and a join state, and no other',
    },
    async ({ store, other, nowMs }) => {
      const find = (owner = 'owner', joinKey = 'key', atMs = nowMs) =>
        other.findJoinable({ owner, joinKey, nowMs: atMs });
      const make = async (fields: Partial<TaskHead>) =>
        stored(store, newTask(nowMs, { joinKey: 'key', joinState: 'left', ...fields }));
      assert.equal(await find(), undefined, 'a task was found where there is none');
      await make({ owner: 'somebody else' });
      await make({ joinKey: 'Key' });
      await make({ joinState: undefined });
      await make({ joinKey: undefined });
      assert.equal(await find(), undefined, 'a task was found that no such call joins');
      await make({ createdAtMs: nowMs - 2, status: 'completed' });
      const newest = await make({ createdAtMs: nowMs - 1, joinState: 'told', ttlMs: HOUR_MS });
      await make({ createdAtMs: nowMs - 3 });
      const found = await find();
      assert.ok(found, 'no task was found');
      assertSameHead(found, newest, 'another task than the newest was found');
      assert.notEqual(
        (await find('owner', 'key', newest.expiresAtMs))?.taskId,
        newest.taskId,
        'an expired task was found',
      );
    },
  ),

  contractCase(
    { id: 'join-follows-writes', promise: 3, title: '[CLNT-03] goes by the join state of the latest write' },
    async ({ store, other, nowMs }) => {
      const head = newTask(nowMs, { joinKey: 'key', joinState: 'held' });
      await stored(store, head);
      for (const joinState of ['told', 'fetched', null, 'left', null] as const) {
        const { head: present } = await mustRead(store, head.taskId, nowMs);
        await store.update(updateOf(present, { head: { joinState } }, nowMs));
        const found = await other.findJoinable({ owner: 'owner', joinKey: 'key', nowMs });
        assert.equal(found?.joinState, joinState ?? undefined, `after a write of ${joinState ?? 'no state'}`);
      }
    },
  ),
];
