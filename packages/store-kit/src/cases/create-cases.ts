import assert from 'node:assert/strict';
import { TASK_ENTRY_KINDS, type TaskEntry, type TaskHead } from '@mcp-tasks/store';
import {
  assertSameEntries,
  assertSameHead,
  creation,
  HOUR_MS,
  limitsOf,
  mustRead,
  newTask,
  readTask,
  stored,
  updateAt,
} from '../sides/records.ts';
import { contractCase } from './case-kit.ts';

/** A head with every optional field. */
function fullHead(nowMs: number): TaskHead {
  return newTask(nowMs, {
    status: 'input_required',
    statusMessage: 'two of three',
    progress: { done: 2, total: 3, message: 'counting' },
    holder: 'process-1',
    dueAtMs: nowMs + 20_000,
    attempt: 3,
    crashCount: 1,
    ttlRequested: true,
    progressAtMs: nowMs - 7,
    joinKey: 'join\0é',
    joinState: 'held',
    queue: 'engine:"\0',
    resultError: 'no such file',
    openQuestions: ['b', 'a', 'c'],
  });
}

/** Promise 1: create is atomic with quota, id and idempotency key. Races are elsewhere. */
export const createCases = [
  contractCase(
    {
      id: 'create-stores-all',
      promise: 1,
      title: '[STOR-01][STOR-04] reads back a created record, all of it, from every connection',
    },
    async ({ store, other, nowMs }) => {
      const entries = TASK_ENTRY_KINDS.map((kind): TaskEntry => ({ kind, name: kind, value: `{"kind":"${kind}"}` }));
      for (const head of [fullHead(nowMs), newTask(nowMs)]) {
        const outcome = await store.create(creation(head, { entries }));
        assert.equal(outcome.status, 'created', `create answered ${outcome.status}`);
        assertSameHead(outcome.head, head, 'create answers another head than it was given');
        for (const connection of [other, store]) {
          const record = await mustRead(connection, head.taskId, nowMs);
          assertSameHead(record.head, head, 'get answers another head than was created');
          assertSameEntries(record.entries, entries, 'get answers other entries than were created');
        }
      }
    },
  ),

  contractCase(
    {
      id: 'create-same-id',
      promise: 1,
      title: '[STOR-01][DURA-08] answers a create of an id that exists with that task, and writes nothing',
    },
    async ({ store, other, nowMs }) => {
      const first = newTask(nowMs, { statusMessage: 'first' });
      await stored(store, first, [{ kind: 'call', name: '', value: '1' }]);
      const again = { ...first, statusMessage: 'again' };
      const outcome = await other.create(creation(again, { entries: [{ kind: 'call', name: '', value: '2' }] }));
      assert.equal(outcome.status, 'existing', `create of an id that exists answered ${outcome.status}`);
      assertSameHead(outcome.head, first, 'create of an id that exists answers another head');
      const record = await mustRead(store, first.taskId, nowMs);
      assertSameHead(record.head, first, 'create of an id that exists changed its head');
      assertSameEntries(
        record.entries,
        [{ kind: 'call', name: '', value: '1' }],
        'create of an id that exists changed its entries',
      );
    },
  ),

  contractCase(
    {
      id: 'create-same-key',
      promise: 1,
      title: '[STOR-01] answers a create under a live idempotency key with the task as it is now',
    },
    async ({ store, other, nowMs }) => {
      const first = newTask(nowMs);
      await store.create(creation(first, { idempotencyKey: 'key' }));
      const patch = { head: { status: 'completed' as const } };
      const written = await store.update(updateAt(first.taskId, 1, patch, nowMs));
      assert.equal(written.status, 'updated');
      const second = newTask(nowMs);
      const outcome = await other.create(creation(second, { idempotencyKey: 'key' }));
      assert.equal(outcome.status, 'existing', `create under a live key answered ${outcome.status}`);
      assertSameHead(outcome.head, written.head, 'create under a live key does not answer the present head');
      assert.equal(
        await readTask(store, second.taskId, nowMs),
        undefined,
        'create under a live key stored a second task',
      );

      for (const [what, head, idempotencyKey] of [
        ['another owner', newTask(nowMs, { owner: 'somebody else' }), 'key'],
        ['another key', newTask(nowMs), 'Key'],
        ['no key', newTask(nowMs), undefined],
      ] as const) {
        const free = await store.create(creation(head, { idempotencyKey }));
        assert.equal(free.status, 'created', `create with ${what} answered ${free.status}`);
      }
    },
  ),

  contractCase(
    {
      id: 'create-key-before-quota',
      promise: 1,
      title: '[STOR-01][SEC-04] looks at id and idempotency key before any quota',
    },
    async ({ store, nowMs }) => {
      const limits = limitsOf(1, 1);
      const first = newTask(nowMs);
      await store.create(creation(first, { limits, idempotencyKey: 'key' }));
      const byKey = await store.create(creation(newTask(nowMs), { limits, idempotencyKey: 'key' }));
      assert.equal(byKey.status, 'existing', `create under a live key at the quota answered ${byKey.status}`);
      const byId = await store.create(creation(first, { limits }));
      assert.equal(byId.status, 'existing', `create of an id that exists at the quota answered ${byId.status}`);
    },
  ),

  contractCase(
    {
      id: 'create-quota-active',
      promise: 1,
      title: '[SEC-04] refuses a task above maxActiveTasks; terminal tasks and other owners do not count',
    },
    async ({ store, other, nowMs }) => {
      const limits = limitsOf(2, 100);
      const create = (fields: Partial<TaskHead> = {}) => other.create(creation(newTask(nowMs, fields), { limits }));
      for (const fields of [{ status: 'completed' }, { status: 'failed' }, { status: 'cancelled' }] as const) {
        assert.equal((await create(fields)).status, 'created', 'a task that has ended counts as active');
      }
      for (let count = 0; count < 2; count += 1) await create({ owner: 'somebody else' });
      const first = newTask(nowMs, { status: 'input_required' });
      await store.create(creation(first, { limits }));
      assert.equal((await create()).status, 'created', 'create refused the second of two active tasks');
      assert.deepEqual(await create(), { status: 'over-quota', limit: 'maxActiveTasks', retryable: false });

      await store.update(updateAt(first.taskId, 1, { head: { status: 'cancelled' } }, nowMs));
      assert.equal((await create()).status, 'created', 'a task that ended still counts as active');
      assert.deepEqual(await create(), { status: 'over-quota', limit: 'maxActiveTasks', retryable: false });
    },
  ),

  contractCase(
    {
      id: 'create-quota-stored',
      promise: 1,
      title: '[SEC-04] refuses a task above maxStoredTasks, terminal ones included',
    },
    async ({ store, other, nowMs }) => {
      const limits = limitsOf(100, 3);
      const create = (fields: Partial<TaskHead> = {}) => store.create(creation(newTask(nowMs, fields), { limits }));
      await create({ status: 'completed' });
      await create({ status: 'failed' });
      assert.equal((await create()).status, 'created', 'create refused the third of three stored tasks');
      const outcome = await other.create(creation(newTask(nowMs), { limits }));
      assert.deepEqual(outcome, { status: 'over-quota', limit: 'maxStoredTasks', retryable: false });
    },
  ),

  contractCase(
    {
      id: 'create-over-quota-leaves-nothing',
      promise: 1,
      title: '[SEC-04] stores nothing when it refuses, not even the idempotency key',
    },
    async ({ store, nowMs }) => {
      const limits = limitsOf(1, 10);
      const first = newTask(nowMs);
      await store.create(creation(first, { limits }));
      const refused = newTask(nowMs);
      const entries = [{ kind: 'call' as const, name: '', value: '1' }];
      await store.create(creation(refused, { limits, entries, idempotencyKey: 'key' }));
      assert.equal(await readTask(store, refused.taskId, nowMs), undefined, 'a refused task can be read');
      const page = await store.list({ owner: 'owner', limit: 10, nowMs });
      assert.equal(page.heads.length, 1, 'a refused task is listed');

      await store.update(updateAt(first.taskId, 1, { head: { status: 'completed' } }, nowMs));
      const later = newTask(nowMs);
      const outcome = await store.create(creation(later, { limits, idempotencyKey: 'key' }));
      assert.equal(outcome.status, 'created', `create under the key of a refused task answered ${outcome.status}`);
      assert.equal(outcome.head.taskId, later.taskId);
    },
  ),

  contractCase(
    {
      id: 'create-quota-expired-active',
      promise: 1,
      title: '[SEC-04][INTG-09] counts no task that has expired as active, also before it is removed',
    },
    async ({ store, nowMs }) => {
      const limits = limitsOf(2, 100);
      const atMs = nowMs + HOUR_MS;
      const create = (createdAtMs: number, fields: Partial<TaskHead> = {}) =>
        store.create(creation(newTask(createdAtMs, fields), { limits }));
      await create(nowMs);
      await create(nowMs, { status: 'completed' });
      await create(nowMs, { ttlMs: HOUR_MS + 1 });
      const early = await store.create(creation(newTask(nowMs), { limits, nowMs: atMs - 1 }));
      assert.equal(early.status, 'over-quota', 'a task counts until the last millisecond of its life');

      const full = { status: 'over-quota', limit: 'maxActiveTasks', retryable: false };
      assert.equal((await create(atMs)).status, 'created', 'an expired task counts against a quota');
      assert.deepEqual(await create(atMs), full);
      assert.equal((await create(atMs + 1)).status, 'created', 'an expired task counts against a quota');
      await store.deleteExpired({ nowMs: atMs + 1, limit: 10 });
      assert.deepEqual(await create(atMs + 1), full, 'create after a sweep');
    },
  ),

  contractCase(
    {
      id: 'create-quota-drift',
      promise: 1,
      title: '[SEC-04] frees the place of a task once, however often it is written after its end, and swept away',
    },
    async ({ store, other, nowMs }) => {
      const limits = limitsOf(2, 100);
      const create = (fields: Partial<TaskHead> = {}) => store.create(creation(newTask(nowMs, fields), { limits }));
      const ended = newTask(nowMs, { ttlMs: HOUR_MS / 2 });
      await store.create(creation(ended, { limits }));
      await create();
      for (const [index, status] of (['input_required', 'working', 'failed', 'failed', 'failed'] as const).entries()) {
        const patch = { head: { status, openQuestions: [] } };
        await other.update(updateAt(ended.taskId, index + 1, patch, nowMs));
      }
      assert.equal((await create()).status, 'created', 'the place of a task that ended is not free');
      const full = { status: 'over-quota', limit: 'maxActiveTasks', retryable: false };
      assert.deepEqual(await create(), full, 'the place of a task that ended is free more than once');
      await store.deleteExpired({ nowMs: ended.expiresAtMs, limit: 10 });
      assert.deepEqual(await create(), full, 'a sweep freed the place of a task that had ended');
    },
  ),

  contractCase(
    {
      id: 'create-key-freed',
      promise: 1,
      title: '[STOR-01][INTG-09] frees an idempotency key when its task expires, and keeps the next task under it',
    },
    async ({ store, other, nowMs }) => {
      const atMs = nowMs + HOUR_MS;
      await store.create(creation(newTask(nowMs), { idempotencyKey: 'key' }));
      const early = await store.create(creation(newTask(nowMs), { idempotencyKey: 'key', nowMs: atMs - 1 }));
      assert.equal(early.status, 'existing', 'a key was free before its task had expired');
      const next = newTask(atMs);
      const outcome = await other.create(creation(next, { idempotencyKey: 'key' }));
      assert.equal(outcome.status, 'created', `create under the key of an expired task answered ${outcome.status}`);

      await store.deleteExpired({ nowMs: atMs, limit: 10 });
      const repeated = await store.create(creation(newTask(atMs), { idempotencyKey: 'key' }));
      assert.equal(repeated.status, 'existing', 'removing an expired task freed the key of the next one');
      assert.equal(repeated.head.taskId, next.taskId);
    },
  ),
];
