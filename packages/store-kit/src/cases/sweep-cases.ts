import assert from 'node:assert/strict';
import type { TaskHead } from '@mcp-tasks/store';
import { assertSameHead, creation, HOUR_MS, mustRead, newTask, readTask, stored } from '../sides/records.ts';
import { contractCase } from './case-kit.ts';

/** Promise 6. */
export const sweepCases = [
  contractCase(
    {
      id: 'sweep-batches',
      promise: 6,
      title: '[INTG-09][TEST-04] removes at most as many expired tasks as it is told, and answers their heads',
    },
    async ({ store, other, nowMs }) => {
      const atMs = nowMs + HOUR_MS;
      const entries = ['a', 'b', 'c'].map((name) => ({ kind: 'variable' as const, name, value: '1' }));
      const heads: TaskHead[] = [];
      for (let count = 0; count < 5; count += 1) {
        heads.push(await stored(store, newTask(nowMs, { owner: `owner ${count}` }), entries));
      }
      const sweep = () => other.deleteExpired({ nowMs: atMs, limit: 2 });
      assert.deepEqual(
        await store.deleteExpired({ nowMs: atMs - 1, limit: 2 }),
        [],
        'a task is removed a millisecond early',
      );
      const batches = [await sweep(), await sweep(), await sweep(), await sweep()];
      assert.deepEqual(
        batches.map(({ length }) => length),
        [2, 2, 1, 0],
        'the sizes of the batches',
      );
      for (const head of heads) {
        const removed = batches.flat().find(({ taskId }) => taskId === head.taskId);
        assert.ok(removed, 'the head of a removed task is not answered');
        assertSameHead(removed, head, 'the head of a removed task');
      }
    },
  ),

  contractCase(
    {
      id: 'sweep-all-of-it',
      promise: 6,
      title: '[INTG-09][TEST-04] removes a task with all that belongs to it, and nothing of the others',
    },
    async ({ store, nowMs }) => {
      const atMs = nowMs + HOUR_MS;
      const gone = newTask(nowMs, { dueAtMs: nowMs });
      const entries = [{ kind: 'variable' as const, name: 'a', value: '1' }];
      await store.create(creation(gone, { entries, idempotencyKey: 'key' }));
      const live = newTask(nowMs, { ttlMs: 2 * HOUR_MS, dueAtMs: nowMs, status: 'input_required' });
      await stored(store, live, entries);
      const { length: removed } = await store.deleteExpired({ nowMs: atMs, limit: 100 });
      assert.equal(removed, 1, `${removed} tasks were removed of which one had expired`);

      assert.equal(
        await readTask(store, gone.taskId, nowMs),
        undefined,
        'a removed task can be read by a clock that is behind',
      );
      const reborn = { ...gone, createdAtMs: atMs, expiresAtMs: atMs + HOUR_MS, dueAtMs: null };
      assert.equal((await store.create(creation(reborn, { idempotencyKey: 'key' }))).status, 'created');
      assert.deepEqual((await mustRead(store, gone.taskId, atMs)).entries, [], 'entries of a removed task are left');
      assert.equal((await mustRead(store, live.taskId, atMs)).entries.length, 1, 'entries of a live task are removed');
      const due = await store.due({ handlers: ['tool'], queues: [''], limit: 10, nowMs: atMs });
      assert.deepEqual(
        due.map(({ taskId }) => taskId),
        [live.taskId],
      );
    },
  ),

  contractCase(
    {
      id: 'race-sweep',
      promise: 6,
      title: '[INTG-09][DURA-07][TEST-04] counts each removed task once when several sweep',
    },
    async ({ store, nowMs, contend }) => {
      const live = newTask(nowMs, { ttlMs: 2 * HOUR_MS });
      await stored(store, live);
      await contend(async (race) => {
        const EXPIRED = 24;
        const heads = Array.from({ length: EXPIRED }, () => newTask(nowMs));
        await Promise.all(heads.map((head) => store.create(creation(head))));
        const sweep = { racer: 'sweep', input: { nowMs: nowMs + HOUR_MS, limit: 5 } } as const;
        const [left, right] = await race(sweep, sweep);
        assert.equal(left + right, EXPIRED, `${EXPIRED} tasks were removed and counted as ${left} and ${right}`);
        await mustRead(store, live.taskId, nowMs);
      });
    },
  ),

  contractCase(
    { id: 'sweep-cost', promise: 6, title: '[INTG-09] costs what it removes, however many tasks live' },
    async ({ store, nowMs, costOf }) => {
      const sweep = async (expired: number, live: number) => {
        const heads = Array.from({ length: expired + live }, (_, index) =>
          newTask(nowMs, { ttlMs: index < expired ? HOUR_MS : 3 * HOUR_MS }),
        );
        await Promise.all(heads.map((head) => store.create(creation(head))));
        return costOf(() => store.deleteExpired({ nowMs: nowMs + HOUR_MS, limit: 100 }));
      };
      const little = await sweep(4, 2);
      const much = await sweep(4, 300);
      assert.ok(
        much.operations <= little.operations,
        `a sweep takes ${much.operations} operations instead of ${little.operations}`,
      );
      assert.ok(much.bytes <= little.bytes + 256, `a sweep takes ${much.bytes} bytes instead of ${little.bytes}`);
    },
  ),
];
