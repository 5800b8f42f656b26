import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { TaskEntry } from '@mcp-tasks/store';
import { assertSameEntries, creation, HOUR_MS, newTask, readTask, stored, updateAt } from '../sides/records.ts';
import { contractCase } from './case-kit.ts';

const ENTRIES: readonly TaskEntry[] = [
  { kind: 'call', name: '', value: '{"tool":"t"}' },
  { kind: 'variable', name: 'a', value: '1' },
  { kind: 'variable', name: 'b', value: '2' },
  { kind: 'published', name: 'a', value: '3' },
];

/** Promise 2: reads, and the one instant at which a task is gone for every method. */
export const getCases = [
  contractCase(
    { id: 'get-owner', promise: 2, title: "[SEC-02] leaves out another owner's tasks when it is told an owner" },
    async ({ store, other, nowMs }) => {
      const [mine, foreign] = [newTask(nowMs, { owner: 'own\0er' }), newTask(nowMs, { owner: 'own' })];
      for (const head of [mine, foreign]) await stored(store, head, [{ kind: 'call', name: '', value: '1' }]);
      for (const kinds of [[], ['call']] as const) {
        const read = (owner?: string) => other.get({ taskIds: [mine.taskId, foreign.taskId], owner, kinds, nowMs });
        const own = await read('own\0er');
        assert.deepEqual(
          own.map(({ head, entries }) => [head.taskId, entries.length]),
          [[mine.taskId, kinds.length]],
          'the tasks of an owner',
        );
        assert.equal((await read('own\0')).length, 0, 'tasks of another owner are answered');
        assert.equal((await read()).length, 2, 'without an owner a task is left out');
      }
    },
  ),

  contractCase(
    { id: 'get-owner-cost', promise: 2, title: "[SEC-02] reads another owner's task at the cost of a missing one" },
    async ({ store, nowMs, costOf }) => {
      const foreign = newTask(nowMs, { owner: 'somebody else' });
      await stored(store, foreign, [{ kind: 'result', name: '', value: JSON.stringify('x'.repeat(200_000)) }]);
      const cost = (taskId: string) =>
        costOf(() => store.get({ taskIds: [taskId], owner: 'owner', kinds: ['result'], nowMs }));
      await cost(foreign.taskId);
      const [missing, other] = [await cost(newTask(nowMs).taskId), await cost(foreign.taskId)];
      assert.ok(
        other.operations <= missing.operations + 1 && other.bytes <= missing.bytes + 1_024,
        `a foreign task costs ${other.operations} operations and ${other.bytes} bytes, a missing one ${missing.operations} and ${missing.bytes}`,
      );
    },
  ),

  contractCase(
    {
      id: 'get-many',
      promise: 2,
      title: '[STOR-01] reads many tasks by id, each once, and leaves out what is not there',
    },
    async ({ store, other, nowMs }) => {
      const heads = Array.from({ length: 300 }, () => newTask(nowMs));
      await Promise.all(heads.map((head) => store.create(creation(head))));
      const ids = heads.map(({ taskId }) => taskId);
      const [first = ''] = ids;
      const missing = Array.from({ length: 5_000 }, () => randomUUID());
      const records = await other.get({ taskIds: [...missing, ...ids, first, randomUUID()], kinds: [], nowMs });
      assert.equal(records.length, ids.length, `get of ${ids.length} ids answers ${records.length} tasks`);
      assert.deepEqual(records.map(({ head }) => head.taskId).sort(), [...ids].sort(), 'get answers other tasks');
      assert.deepEqual(await store.get({ taskIds: [], kinds: ['call'], nowMs }), []);
    },
  ),

  contractCase(
    {
      id: 'get-kinds',
      promise: 2,
      title: '[STOR-04] answers the entries of every kind that was asked for, of every task',
    },
    async ({ store, nowMs }) => {
      const tasks = [newTask(nowMs), newTask(nowMs)];
      for (const head of tasks)
        await stored(
          store,
          head,
          ENTRIES.map((entry) => ({ ...entry, value: `"${head.taskId}"` })),
        );
      for (const kinds of [['variable'], ['published', 'variable'], ['result', 'call'], []] as const) {
        const records = await store.get({ taskIds: tasks.map(({ taskId }) => taskId), kinds, nowMs });
        assert.equal(records.length, tasks.length);
        for (const { head, entries } of records) {
          const isAskedFor = ({ kind }: TaskEntry) => (kinds as readonly string[]).includes(kind);
          const expected = ENTRIES.filter(isAskedFor).map((entry) => ({ ...entry, value: `"${head.taskId}"` }));
          assertSameEntries(entries.filter(isAskedFor), expected, `get of the kinds ${kinds.join(', ')}`);
        }
      }
    },
  ),

  contractCase(
    {
      id: 'expiry-get',
      promise: 2,
      title: '[INTG-09][TEST-04] shows a task until the last millisecond before expiresAtMs, whoever asked before',
    },
    async ({ store, other, nowMs }) => {
      const head = newTask(nowMs, { expiresAtMs: nowMs + HOUR_MS });
      await stored(store, head);
      const isShown = async (atMs: number) => (await readTask(other, head.taskId, atMs)) !== undefined;
      assert.equal(await isShown(head.expiresAtMs - 1), true, 'a task is gone a millisecond early');
      assert.equal(await isShown(head.expiresAtMs), false, 'a task is shown at expiresAtMs');
      assert.equal(await isShown(head.expiresAtMs + HOUR_MS), false, 'an expired task is shown');
      assert.equal(
        await isShown(head.expiresAtMs - 1),
        true,
        'a reader whose clock is ahead took the task from the others',
      );
    },
  ),

  contractCase(
    {
      id: 'expiry-update',
      promise: 2,
      title: '[INTG-09][TEST-04] changes no task from expiresAtMs on, also not its expiry',
    },
    async ({ store, nowMs }) => {
      const head = newTask(nowMs);
      await stored(store, head);
      const patch = { head: { expiresAtMs: head.expiresAtMs + HOUR_MS } };
      const late = await store.update(updateAt(head.taskId, 1, patch, head.expiresAtMs));
      assert.deepEqual(late, { status: 'not-found' }, 'update changed an expired task');
      const wrong = await store.update(updateAt(head.taskId, 7, patch, head.expiresAtMs));
      assert.deepEqual(wrong, { status: 'not-found' }, 'update with another version shows an expired task');
      const inTime = await store.update(updateAt(head.taskId, 1, patch, head.expiresAtMs - 1));
      assert.equal(inTime.status, 'updated', 'update refused a task in the last millisecond of its life');
    },
  ),

  contractCase(
    { id: 'expiry-moved', promise: 2, title: '[INTG-09] goes by the expiresAtMs of the latest write' },
    async ({ store, other, nowMs }) => {
      for (const expiresAtMs of [nowMs + 2 * HOUR_MS, nowMs + HOUR_MS / 2]) {
        const head = newTask(nowMs);
        await stored(store, head);
        await store.update(updateAt(head.taskId, 1, { head: { expiresAtMs } }, nowMs));
        assert.ok(await readTask(other, head.taskId, expiresAtMs - 1), 'a moved expiry came early');
        assert.equal(await readTask(other, head.taskId, expiresAtMs), undefined, 'a moved expiry came late');
        await store.deleteExpired({ nowMs: expiresAtMs - 1, limit: 10 });
        assert.ok(await readTask(other, head.taskId, expiresAtMs - 1), 'deleteExpired went by an expiry of the past');
      }
    },
  ),

  contractCase(
    {
      id: 'expiry-list',
      promise: 2,
      title: '[INTG-09][TEST-04] lists no task from expiresAtMs on, and promises no page for it',
    },
    async ({ store, nowMs }) => {
      await stored(store, newTask(nowMs, { ttlMs: HOUR_MS }));
      const longer = newTask(nowMs + 1, { ttlMs: 2 * HOUR_MS });
      await stored(store, longer);
      const list = (atMs: number) => store.list({ owner: 'owner', limit: 1, nowMs: atMs });
      assert.equal((await list(nowMs + HOUR_MS - 1)).hasMore, true, 'a task left the list a millisecond early');
      const page = await list(nowMs + HOUR_MS);
      assert.deepEqual(
        page.heads.map(({ taskId }) => taskId),
        [longer.taskId],
        'a task at its expiry is listed',
      );
      assert.equal(page.hasMore, false, 'hasMore promises an expired task');
      assert.deepEqual(await list(longer.expiresAtMs), { heads: [], hasMore: false });
    },
  ),

  contractCase(
    { id: 'expiry-due', promise: 2, title: '[INTG-09][TEST-04] offers no run of a task from expiresAtMs on' },
    async ({ store, nowMs }) => {
      const head = newTask(nowMs, { dueAtMs: nowMs });
      await stored(store, head);
      const due = (atMs: number) => store.due({ handlers: ['tool'], queues: [''], limit: 10, nowMs: atMs });
      assert.equal((await due(head.expiresAtMs - 1)).length, 1, 'a task left the due ones a millisecond early');
      assert.deepEqual(await due(head.expiresAtMs), [], 'an expired task is offered for a run');
    },
  ),

  contractCase(
    { id: 'expiry-renew', promise: 2, title: '[INTG-09][TEST-04] renews no lease of a task from expiresAtMs on' },
    async ({ store, nowMs }) => {
      const head = newTask(nowMs, { attempt: 1, holder: 'process-1', dueAtMs: nowMs });
      await stored(store, head);
      const leases = [{ taskId: head.taskId, attempt: 1, holder: 'process-1' }];
      const renew = (atMs: number) => store.renew({ leases, leaseMs: 1_000, nowMs: atMs });
      assert.equal((await renew(head.expiresAtMs - 1)).length, 1, 'a lease was lost a millisecond early');
      assert.deepEqual(await renew(head.expiresAtMs), [], 'the lease of an expired task is renewed');
    },
  ),
];
