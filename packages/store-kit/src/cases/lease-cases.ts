import assert from 'node:assert/strict';
import type { DuePosition, TaskHead } from '@mcp-tasks/store';
import {
  assertSameHead,
  creation,
  MINUTE_MS,
  mustRead,
  newTask,
  stored,
  updateAt,
  writeIdOf,
} from '../sides/records.ts';
import { contractCase } from './case-kit.ts';

/** A task that a run of this process holds. */
function heldTask(nowMs: number, fields: Partial<TaskHead> = {}): TaskHead {
  return newTask(nowMs, { attempt: 1, holder: 'process-1', dueAtMs: nowMs + MINUTE_MS, ...fields });
}

const leaseOf = ({ taskId }: TaskHead, holder = 'process-1', attempt = 1) => ({ taskId, attempt, holder });

/** Promise 5. */
export const leaseCases = [
  contractCase(
    {
      id: 'due-lists',
      promise: 5,
      title:
        '[DURA-09] lists tasks whose time has come, of the named handlers and queues, the longest due first, by pages',
    },
    async ({ store, other, nowMs }) => {
      const make = (fields: Partial<TaskHead>) => newTask(nowMs - MINUTE_MS, fields);
      const expected = [
        make({ dueAtMs: nowMs - 3 }),
        make({ dueAtMs: nowMs - 2, handler: "it's:another\u{1F600}", queue: 'engine' }),
        make({ dueAtMs: nowMs - 1, status: 'input_required', attempt: 2, holder: 'process-1' }),
        make({ dueAtMs: nowMs, owner: 'somebody else' }),
      ];
      const others = [
        make({ dueAtMs: nowMs + 1 }),
        make({ dueAtMs: null }),
        make({ dueAtMs: nowMs - 9, handler: 'not asked for' }),
        make({ dueAtMs: nowMs - 9, queue: 'not asked for' }),
        ...(['completed', 'failed', 'cancelled'] as const).map((status) => make({ dueAtMs: nowMs - 9, status })),
      ];
      for (const head of [...others, ...[...expected].reverse()]) await store.create(creation(head, { nowMs }));
      const handlers = ['tool', "it's:another\u{1F600}", 'tool', 'never seen'];
      const due = (limit: number, after?: DuePosition) =>
        other.due({ handlers, queues: ['', 'engine'], after, limit, nowMs });
      const heads = await due(100);
      assert.deepEqual(
        heads.map(({ taskId }) => taskId),
        expected.map(({ taskId }) => taskId),
        'the tasks that are due, in their order',
      );
      for (const [index, head] of heads.entries()) assertSameHead(head, expected[index] ?? head, 'a due head');
      assert.deepEqual(
        (await due(3)).map(({ taskId }) => taskId),
        expected.slice(0, 3).map(({ taskId }) => taskId),
        'a limit',
      );
      const pages: string[] = [];
      for (let page = await due(1); page.length > 0;) {
        const [head] = page;
        if (head?.dueAtMs == null) break;
        pages.push(head.taskId);
        page = await due(1, { dueAtMs: head.dueAtMs, taskId: head.taskId });
      }
      assert.deepEqual(
        pages,
        expected.map(({ taskId }) => taskId),
        'the pages',
      );
      assert.deepEqual(await store.due({ handlers: [], queues: [''], limit: 5, nowMs }), [], 'no handler was named');
      assert.deepEqual(await store.due({ handlers, queues: [], limit: 5, nowMs }), [], 'no queue was named');
    },
  ),

  contractCase(
    { id: 'due-follows-writes', promise: 5, title: '[DURA-09] goes by the dueAtMs and the status of the latest write' },
    async ({ store, other, nowMs }) => {
      const head = newTask(nowMs, { dueAtMs: null });
      await stored(store, head);
      const isDue = async () => (await other.due({ handlers: ['tool'], queues: [''], limit: 5, nowMs })).length === 1;
      assert.equal(await isDue(), false, 'a parked task is due');
      const steps = [
        [{ dueAtMs: nowMs }, true],
        [{ dueAtMs: nowMs + 1 }, false],
        [{ dueAtMs: nowMs - 1 }, true],
        [{ status: 'completed' }, false],
      ] as const;
      for (const [index, [patch, expected]] of steps.entries()) {
        await store.update(updateAt(head.taskId, index + 1, { head: patch }, nowMs));
        assert.equal(await isDue(), expected, `after a write of ${JSON.stringify(patch)}`);
      }
    },
  ),

  contractCase(
    {
      id: 'renew-moves',
      promise: 5,
      title: '[DURA-03] moves the lease end of many tasks in one call and answers their heads',
    },
    async ({ store, other, nowMs }) => {
      const heads = Array.from({ length: 300 }, () => heldTask(nowMs));
      await Promise.all(heads.map((head) => store.create(creation(head))));
      const untouched = heldTask(nowMs);
      await stored(store, untouched);
      const dueAtMs = nowMs + 5 * MINUTE_MS;
      const missing = Array.from({ length: 3_000 }, () => leaseOf(newTask(nowMs)));
      const leases = [...missing, ...heads.map((head) => leaseOf(head))];
      const leaseMs = 5 * MINUTE_MS;
      const renewed = await other.renew({ leases, leaseMs, nowMs });
      const byId = new Map(renewed.map((head) => [head.taskId, head]));
      assert.equal(byId.size, heads.length, `renew answers ${byId.size} of ${heads.length} heads`);
      for (const head of heads) {
        const answered = byId.get(head.taskId);
        assert.ok(answered);
        assertSameHead(answered, { ...head, dueAtMs }, 'the head that renew answers');
      }
      const [first = untouched] = heads;
      assertSameHead((await mustRead(store, first.taskId, nowMs)).head, { ...first, dueAtMs }, 'the head after renew');
      assertSameHead((await mustRead(store, untouched.taskId, nowMs)).head, untouched, 'a task that was not renewed');
      const due = await store.due({ handlers: ['tool'], queues: [''], limit: 1_000, nowMs: nowMs + 2 * MINUTE_MS });
      assert.deepEqual(
        due.map(({ taskId }) => taskId),
        [untouched.taskId],
        'due does not follow renew',
      );
      assert.deepEqual(await store.renew({ leases: [], leaseMs, nowMs }), []);
    },
  ),

  contractCase(
    {
      id: 'renew-refuses',
      promise: 5,
      title: '[DURA-03] leaves out tasks whose attempt or holder is another, or that are over',
    },
    async ({ store, nowMs }) => {
      const held = heldTask(nowMs);
      const retaken = heldTask(nowMs, { attempt: 2 });
      const taken = heldTask(nowMs, { holder: 'process-2' });
      const parked = newTask(nowMs, { attempt: 1 });
      const over = heldTask(nowMs, { status: 'completed', dueAtMs: null });
      const all = [retaken, taken, parked, over, held];
      for (const head of all) await stored(store, head);
      const leases = [...all.map((head) => leaseOf(head)), leaseOf(newTask(nowMs))];
      const renewed = await store.renew({ leases, leaseMs: 9 * MINUTE_MS, nowMs });
      assert.deepEqual(
        renewed.map(({ taskId }) => taskId),
        [held.taskId],
        'renew answers other tasks than the held one',
      );
      for (const head of [retaken, taken, parked, over]) {
        assertSameHead((await mustRead(store, head.taskId, nowMs)).head, head, 'renew changed a task that is not held');
      }
    },
  ),

  contractCase(
    {
      id: 'renew-beside-writes',
      promise: 5,
      title: '[DURA-03] changes no version, and no write of another field takes the new lease end back',
    },
    async ({ store, other, nowMs }) => {
      const head = heldTask(nowMs);
      await stored(store, head);
      const dueAtMs = nowMs + 5 * MINUTE_MS;
      await other.renew({ leases: [leaseOf(head)], leaseMs: 5 * MINUTE_MS, nowMs });
      const patch = { head: { statusMessage: 'still here' } };
      const outcome = await store.update(updateAt(head.taskId, 1, patch, nowMs));
      assert.equal(outcome.status, 'updated', 'renew made a writer of the same run conflict');
      const expected = { ...head, ...patch.head, dueAtMs, version: 2, writeId: writeIdOf(2) };
      assertSameHead(outcome.head, expected, 'the head that an update after renew answers');
      assertSameHead((await mustRead(other, head.taskId, nowMs)).head, expected, 'a write took the new lease end back');
    },
  ),

  contractCase(
    {
      id: 'race-renew',
      promise: 5,
      title: '[DURA-03][TEST-04] lets no renewal of the old run touch a task that another took',
    },
    async ({ store, nowMs, contend }) => {
      await contend(async (race) => {
        const heads = Array.from({ length: 6 }, () => heldTask(nowMs));
        for (const head of heads) await stored(store, head);
        const atMs = nowMs + MINUTE_MS;
        const patches = heads.map(({ taskId }) => {
          const head = { attempt: 2, holder: 'process-2', dueAtMs: atMs + MINUTE_MS };
          return updateAt(taskId, 1, { head }, atMs);
        });
        const renewal = { leases: heads.map((head) => leaseOf(head)), leaseMs: 7 * MINUTE_MS, nowMs: atMs };
        await race({ racer: 'updates', input: { patches } }, { racer: 'renew', input: renewal });
        for (const { taskId } of heads) {
          const { head } = await mustRead(store, taskId, atMs);
          assert.equal(head.dueAtMs, atMs + MINUTE_MS, 'the old run moved the lease end of the new one');
          assert.deepEqual([head.holder, head.attempt, head.version], ['process-2', 2, 2]);
        }
      });
    },
  ),

  contractCase(
    {
      id: 'race-renew-order',
      promise: 5,
      title:
        '[DURA-07][TEST-04] renews the same leases from two sides in opposite orders, with writes between, and blocks nobody',
    },
    async ({ store, nowMs, contend }) => {
      await contend(async (race) => {
        const heads = Array.from({ length: 30 }, () => heldTask(nowMs));
        await Promise.all(heads.map((head) => store.create(creation(head))));
        const leases = heads.map((head) => leaseOf(head));
        const renewal = (order: typeof leases) =>
          ({ racer: 'renew', input: { leases: order, leaseMs: 2 * MINUTE_MS, nowMs } }) as const;
        const [left, right] = await race(renewal(leases), renewal([...leases].reverse()));
        assert.deepEqual([left.length, right.length], [heads.length, heads.length], 'renewals that met lost leases');
      });
    },
  ),
];
