import assert from 'node:assert/strict';
import {
  claimOf,
  creation,
  DAY_MS,
  HOUR_MS,
  limitsOf,
  MINUTE_MS,
  mustRead,
  newTask,
  readTask,
  stored,
  updateAt,
} from '../sides/records.ts';
import { contractCase } from './case-kit.ts';

/** Promise 8, and of promise 6 what a server's time is for. */
export const timeCases = [
  contractCase(
    {
      id: 'time-ahead',
      promise: 8,
      title: '[INTG-09] goes by the time that it is told, also years ahead of any clock',
    },
    async ({ store, other, nowMs, hasServerTime }) => {
      const farMs = nowMs + 3_650 * DAY_MS;
      const limits = limitsOf(1, 1);
      const head = newTask(farMs, { dueAtMs: farMs });
      await store.create(creation(head, { limits, idempotencyKey: 'key' }));
      assert.ok(await readTask(other, head.taskId, head.expiresAtMs - 1), 'a task of the far future is gone early');
      assert.equal(
        await readTask(other, head.taskId, head.expiresAtMs),
        undefined,
        'a task of the far future is there late',
      );
      assert.deepEqual(await store.due({ handlers: ['tool'], queues: [''], limit: 5, nowMs: farMs - 1 }), []);
      // The rest is for a store that has no present of its own.
      if (hasServerTime) return;
      assert.equal((await store.due({ handlers: ['tool'], queues: [''], limit: 5, nowMs: farMs })).length, 1);
      const early = await store.create(creation(newTask(farMs), { limits, nowMs: head.expiresAtMs - 1 }));
      assert.equal(early.status, 'over-quota');
      const next = await store.create(creation(newTask(head.expiresAtMs), { limits, idempotencyKey: 'key' }));
      assert.equal(next.status, 'created', 'quota or key of an expired task of the far future is taken');
      // The create that came last removed it.
      assert.deepEqual(await store.deleteExpired({ nowMs: head.expiresAtMs, limit: 5 }), []);
    },
  ),

  contractCase(
    {
      id: 'time-behind',
      promise: 8,
      title: '[INTG-09] goes by the time that it is told, also half an hour behind the clock',
    },
    async ({ store, other, nowMs }) => {
      const pastMs = nowMs - HOUR_MS / 2;
      const head = newTask(pastMs, { ttlMs: MINUTE_MS, dueAtMs: pastMs, attempt: 1, holder: 'process-1' });
      await stored(store, head);
      assert.ok(
        await readTask(other, head.taskId, head.expiresAtMs - 1),
        'a task is gone for a caller whose clock is behind',
      );
      const lists = [
        (await other.list({ owner: 'owner', limit: 5, nowMs: pastMs })).heads,
        await other.due({ handlers: ['tool'], queues: [''], limit: 5, nowMs: pastMs }),
        await other.renew({
          leases: [{ taskId: head.taskId, attempt: 1, holder: 'process-1' }],
          leaseMs: 1,
          nowMs: pastMs,
        }),
      ];
      assert.deepEqual(
        lists.map(({ length }) => length),
        [1, 1, 1],
        'list, due or renew leave a task out for a clock that is behind',
      );
      const outcome = await other.update(updateAt(head.taskId, 1, { head: {} }, pastMs));
      assert.equal(outcome.status, 'updated', 'update refuses a caller whose clock is behind');
      assert.deepEqual(
        await store.deleteExpired({ nowMs: head.expiresAtMs - 1, limit: 5 }),
        [],
        'a task is removed early',
      );
    },
  ),

  contractCase(
    {
      id: 'time-of-server',
      promise: 8,
      title: '[DURA-07] tells the present of its server in milliseconds since 1970, if it has one',
    },
    async ({ store, other, hasServerTime }) => {
      const says = `the harness says that the store has ${hasServerTime ? 'a' : 'no'} server time`;
      assert.equal(store.serverTimeMs !== undefined, hasServerTime, says);
      if (store.serverTimeMs === undefined) return;
      const times = [await store.serverTimeMs(), await other.serverTimeMs?.(), await store.serverTimeMs()];
      for (const [index, timeMs] of times.entries()) {
        assert.ok(timeMs !== undefined && Number.isFinite(timeMs), 'the time is no number');
        assert.ok(Math.abs(timeMs - Date.now()) < 7 * DAY_MS, `${timeMs} is not the present in milliseconds`);
        assert.ok(timeMs >= (times[index - 1] ?? 0), 'the time of the server runs backwards');
      }
    },
  ),

  contractCase(
    {
      id: 'ahead-of-server',
      promise: 6,
      title:
        '[INTG-09][DURA-07] removes, offers and counts out nothing before the present of its server, whatever time it is told',
    },
    async ({ store, other }) => {
      if (store.serverTimeMs === undefined) return;
      const presentMs = Math.floor(await store.serverTimeMs());
      const aheadMs = presentMs + DAY_MS;
      const limits = limitsOf(1, 1);
      const live = newTask(presentMs, { dueAtMs: presentMs + HOUR_MS });
      await store.create(creation(live, { limits, idempotencyKey: 'key' }));
      assert.deepEqual(
        await other.deleteExpired({ nowMs: aheadMs, limit: 5 }),
        [],
        'a caller that is ahead removed a task',
      );
      await mustRead(store, live.taskId, presentMs);
      const offered = await other.due({ handlers: ['tool'], queues: [''], limit: 5, nowMs: aheadMs });
      assert.deepEqual(offered, [], 'a caller that is ahead is offered a task that is not due');
      const early = await other.claim(claimOf(aheadMs));
      assert.deepEqual(early.records, [], 'a caller that is ahead claimed a task that is not due');
      const again = creation(newTask(aheadMs), { idempotencyKey: 'key' });
      assert.equal((await other.create(again)).status, 'existing', 'a caller that is ahead freed a key');
      const more = await other.create(creation(newTask(aheadMs), { limits }));
      assert.equal(more.status, 'over-quota', 'a caller that is ahead counts a live task as gone');

      const due = newTask(presentMs, { owner: 'somebody else', dueAtMs: presentMs });
      const gone = newTask(presentMs - HOUR_MS, { owner: 'somebody else', dueAtMs: presentMs });
      for (const head of [due, gone]) await stored(store, head);
      const now = await other.due({ handlers: ['tool'], queues: [''], limit: 5, nowMs: aheadMs });
      const ids = now.map(({ taskId }) => taskId);
      assert.deepEqual(ids, [due.taskId], 'what is due by the server is not offered to a caller that is ahead');
      const { records } = await other.claim(claimOf(aheadMs));
      assert.deepEqual(
        records.map(({ head }) => head.taskId),
        [due.taskId],
        'what is due by the server is not claimed by a caller that is ahead',
      );
      const [claimed] = records;
      assert.ok(
        (claimed?.head.dueAtMs ?? aheadMs) < presentMs + HOUR_MS,
        'the lease of a caller that is ahead ends later than it should: nobody can take the task over',
      );
      const lease = { taskId: due.taskId, attempt: 1, holder: 'process-1' };
      const [renewed] = await other.renew({ leases: [lease], leaseMs: MINUTE_MS, nowMs: aheadMs });
      assert.ok(
        (renewed?.dueAtMs ?? aheadMs) < presentMs + HOUR_MS,
        'the lease that a caller ahead renews ends later than it should',
      );
      const removed = await other.deleteExpired({ nowMs: aheadMs, limit: 5 });
      assert.equal(removed.length, 1, 'what has expired by the server is not removed for a caller that is ahead');
    },
  ),
];
