import assert from 'node:assert/strict';
import type { TaskEntry, TaskHead } from '@mcp-tasks/store';
import type { RaceAnswer } from '../sides/racers.ts';
import {
  creation,
  HOUR_MS,
  limitsOf,
  mustRead,
  newTask,
  readTask,
  ROOMY_LIMITS,
  stored,
  updateOf,
} from '../sides/records.ts';
import { contractCase } from './case-kit.ts';

const entry = (name: string, value: string, kind: TaskEntry['kind'] = 'variable'): TaskEntry => ({ kind, name, value });

/** Entries of this many bytes in all. */
function entriesOf(bytes: number): TaskEntry[] {
  return [entry('', JSON.stringify('x'.repeat(bytes - 2)), 'call')];
}

/** Promises 1 and 3: what an owner has stored, by number and by bytes. */
export const storedCases = [
  contractCase(
    {
      id: 'bytes-counted',
      promise: 3,
      title: '[BOUN-02][SEC-04] counts the bytes of names and values of all entries, through every kind of change',
    },
    async ({ store, other, nowMs, bytesOf }) => {
      const head = newTask(nowMs, { entryBytes: 999 });
      const readBytes = async () => {
        const { head: present, entries } = await mustRead(other, head.taskId, nowMs);
        const sum = bytesOf(entries);
        assert.equal(present.entryBytes, sum, 'entryBytes is not the sum of the entries');
        return sum;
      };
      const first = [entry('é', '"ü"'), entry('b', '1'), entry('b', '22', 'published')];
      await stored(store, head, first);
      assert.equal(await readBytes(), bytesOf(first));
      const patches: { readonly put?: TaskEntry[]; readonly delete?: TaskEntry[] }[] = [
        { put: [entry('b', '1000'), entry('c', '"\u{1F600}"')] },
        { put: [entry('b', '2')], delete: [entry('é', ''), entry('never there', '')] },
        { put: [] },
        { delete: [entry('b', ''), entry('b', '', 'published'), entry('c', '')] },
        { put: [entry('', '{}', 'result'), entry('nul\0', '"a\\u0000"')] },
      ];
      for (const patch of patches) {
        const { head: present } = await mustRead(other, head.taskId, nowMs);
        const written = await store.update(updateOf(present, { head: {}, ...patch }, nowMs));
        assert.equal(written.status, 'updated');
        assert.equal(await readBytes(), written.head.entryBytes, 'the bytes that update answers');
      }
    },
  ),

  contractCase(
    {
      id: 'quota-bytes',
      promise: 1,
      title: '[BOUN-02][SEC-04] refuses a task whose entries would make the owner store more than maxStoredBytes',
    },
    async ({ store, other, nowMs, bytesOf }) => {
      const maxStoredBytes = bytesOf(entriesOf(60)) + bytesOf(entriesOf(40));
      const limits = { ...ROOMY_LIMITS, maxStoredBytes };
      const create = (bytes: number, fields: Partial<TaskHead> = {}) =>
        other.create(creation(newTask(nowMs, fields), { limits, entries: entriesOf(bytes) }));
      const full = { status: 'over-quota', limit: 'maxStoredBytes', retryable: false };
      assert.equal((await create(60, { owner: 'somebody else' })).status, 'created');
      assert.equal((await create(60)).status, 'created');
      assert.deepEqual(await create(41), full);
      assert.equal((await create(40, { status: 'completed' })).status, 'created', 'create refused the last byte');
      assert.deepEqual(await create(3), full);
      assert.equal((await store.list({ owner: 'owner', limit: 9, nowMs })).heads.length, 2, 'a refused task is listed');
    },
  ),

  contractCase(
    {
      id: 'quota-bytes-update',
      promise: 3,
      title:
        '[BOUN-02][SEC-04] writes nothing of a patch that would grow beyond maxStoredBytes, and shrinks at any sum',
    },
    async ({ store, other, nowMs, bytesOf }) => {
      const [head, neighbour] = [newTask(nowMs), newTask(nowMs)];
      const [first, fitting] = [entry('a', '"1234567"'), entry('b', '"2345678"')];
      await stored(store, head, [first]);
      await stored(store, neighbour, entriesOf(50));
      const maxStoredBytes = bytesOf([first, fitting, ...entriesOf(50)]);
      const write = async (patch: { put?: TaskEntry[]; delete?: TaskEntry[] }, max: number | undefined) => {
        const { head: present } = await mustRead(store, head.taskId, nowMs);
        const change = { head: { statusMessage: 'written' }, ...patch };
        return other.update(updateOf(present, change, nowMs, { maxStoredBytes: max }));
      };
      const refused = await write({ put: [entry('b', '"234567890"')] }, maxStoredBytes);
      assert.equal(refused.status, 'over-quota', `a patch beyond maxStoredBytes answered ${refused.status}`);
      assert.equal(refused.head.version, 1);
      const record = await mustRead(store, head.taskId, nowMs);
      assert.deepEqual([record.head.version, record.head.statusMessage, record.entries.length], [1, undefined, 1]);

      const fits = await write({ put: [fitting] }, maxStoredBytes);
      assert.equal(fits.status, 'updated', 'a patch up to maxStoredBytes is refused');
      assert.equal((await write({}, 1)).status, 'updated', 'a patch that grows by nothing is refused');
      assert.equal((await write({ put: [entry('b', '1')] }, 1)).status, 'updated', 'a patch that shrinks is refused');
      const big = entry('big', JSON.stringify('x'.repeat(200)));
      assert.equal((await write({ put: [big] }, undefined)).status, 'updated', 'a patch without a bound is refused');
      assert.equal((await write({ put: [entry('c', '1')] }, maxStoredBytes)).status, 'over-quota');
      assert.equal((await write({ delete: [big, fitting] }, maxStoredBytes)).status, 'updated');
      assert.equal((await write({ put: [entry('c', '1')] }, maxStoredBytes)).status, 'updated', 'freed bytes count');
    },
  ),

  contractCase(
    {
      id: 'quota-expired-stored',
      promise: 1,
      title:
        '[BOUN-02][SEC-04][INTG-09] counts expired tasks as stored until they are removed, and removes them when they are in the way',
    },
    async ({ store, other, nowMs, bytesOf }) => {
      const maxStoredBytes = bytesOf([...entriesOf(45), ...entriesOf(45), ...entriesOf(10)]);
      const limits = { ...limitsOf(100, 3), maxStoredBytes };
      const atMs = nowMs + HOUR_MS;
      const gone = [newTask(nowMs - 2), newTask(nowMs - 1), newTask(nowMs, { owner: 'somebody else' })];
      for (const head of gone) await store.create(creation(head, { entries: entriesOf(45) }));
      const create = (bytes: number, fields: Partial<TaskHead> = {}) =>
        other.create(creation(newTask(atMs, fields), { limits, entries: entriesOf(bytes) }));

      // Both expired tasks fit beside this one: they stay.
      assert.equal((await create(10)).status, 'created');
      assert.ok(await readTask(store, gone[0]?.taskId ?? '', nowMs), 'an expired task was removed without need');
      assert.equal((await create(10)).status, 'created', 'expired tasks that can be removed stand in the way');
      assert.equal(
        await readTask(store, gone[0]?.taskId ?? '', nowMs),
        undefined,
        'the task in the way is still there',
      );
      assert.ok(await readTask(store, gone[2]?.taskId ?? '', nowMs), 'a task of another owner was removed');
      assert.equal((await create(80)).status, 'created', 'the bytes of removed tasks count');
      assert.deepEqual(await create(3), { status: 'over-quota', limit: 'maxStoredTasks', retryable: false });
      const left = await store.deleteExpired({ nowMs: atMs, limit: 10 });
      assert.ok(
        left.every(({ owner }) => owner === 'somebody else'),
        'an expired task was left',
      );
    },
  ),

  contractCase(
    {
      id: 'quota-expired-many',
      promise: 1,
      title:
        '[BOUN-02][SEC-04][INTG-09] removes at most 100 expired tasks in a create, the longest expired first, and says that more are left',
    },
    async ({ store, other, nowMs }) => {
      const atMs = nowMs + HOUR_MS;
      const gone = Array.from({ length: 230 }, (_, index) => newTask(nowMs - 1_000 + index));
      await Promise.all(gone.map((head) => store.create(creation(head))));
      const limits = limitsOf(100, 20);
      const create = () => other.create(creation(newTask(atMs), { limits }));
      const more = { status: 'over-quota', limit: 'maxStoredTasks', retryable: true };
      assert.deepEqual(await create(), more, 'the first of three creates that make room');
      const left = await store.list({ owner: 'owner', limit: 1_000, nowMs: nowMs - 1 });
      assert.deepEqual(
        left.heads.map(({ taskId }) => taskId),
        gone
          .slice(100)
          .map(({ taskId }) => taskId)
          .reverse(),
        'the tasks that are left',
      );
      assert.deepEqual(await create(), more, 'the second of three creates that make room');
      assert.equal((await create()).status, 'created', 'the third of three creates that make room');
    },
  ),

  contractCase(
    {
      id: 'quota-bytes-burst',
      promise: 1,
      title: '[BOUN-02][SEC-04] fills maxStoredBytes exactly under 150 creates at once, also where expired tasks lie',
    },
    async ({ store, other, nowMs, bytesOf }) => {
      const room = 10;
      const maxStoredBytes = room * bytesOf(entriesOf(40));
      const limits = { ...ROOMY_LIMITS, maxStoredBytes };
      const pastMs = nowMs - HOUR_MS;
      for (let count = 0; count < 3; count += 1) {
        await stored(store, newTask(pastMs, { ttlMs: 1 }), entriesOf(40));
      }
      const outcomes = await Promise.all(
        Array.from({ length: 150 }, (_, index) => {
          const task = creation(newTask(nowMs), { limits, entries: entriesOf(40), nowMs });
          return (index % 2 === 0 ? store : other).create(task);
        }),
      );
      const created = outcomes.filter(({ status }) => status === 'created').length;
      assert.equal(created, room, `${created} of 150 creates at once were made where ${room} have room`);
      for (const outcome of outcomes) {
        if (outcome.status === 'over-quota') assert.equal(outcome.limit, 'maxStoredBytes');
      }
      const { heads } = await store.list({ owner: 'owner', limit: 200, nowMs });
      const bytes = heads.reduce((total, one) => total + one.entryBytes, 0);
      assert.equal(bytes, maxStoredBytes, `the owner has ${bytes} bytes under a limit of ${maxStoredBytes}`);
    },
  ),

  contractCase(
    {
      id: 'race-quota-bytes',
      promise: 1,
      title: '[BOUN-02][SEC-04][TEST-04] lets no race of creates and patches take an owner beyond maxStoredBytes',
    },
    async ({ store, nowMs, contend, bytesOf }) => {
      const put = [entry('a', JSON.stringify('x'.repeat(37)))];
      const [first, created, patched] = [bytesOf(entriesOf(10)), bytesOf(entriesOf(40)), bytesOf(put)];
      const maxStoredBytes = first + 2 * Math.max(created, patched) + 1;
      await contend(async (race) => {
        const owner = `owner ${newTask(nowMs).taskId}`;
        const limits = { ...ROOMY_LIMITS, maxStoredBytes };
        const head = newTask(nowMs, { owner });
        await stored(store, head, entriesOf(10));
        const tasks = Array.from({ length: 6 }, () =>
          creation(newTask(nowMs, { owner }), { limits, entries: entriesOf(40) }),
        );
        const patches = [updateOf(head, { head: {}, put }, nowMs, { maxStoredBytes })];
        const [creates, updates] = await race(
          { racer: 'creates', input: { tasks } },
          { racer: 'updates', input: { patches } },
        );
        const wins = (ends: readonly RaceAnswer<{ readonly status: string }>[], status: string) =>
          ends.filter((end) => end.status === 'answered' && end.answer.status === status).length;
        const [createdTasks, madePatches] = [wins(creates, 'created'), wins(updates, 'updated')];
        const sum = createdTasks + madePatches;
        assert.equal(sum, 2, `${sum} writes of 40 bytes were made beside 10 under a limit that allows two`);
        const { heads } = await store.list({ owner, limit: 9, nowMs });
        const bytes = heads.reduce((total, one) => total + one.entryBytes, 0);
        const expected = first + createdTasks * created + madePatches * patched;
        assert.equal(bytes, expected, `the owner has ${bytes} bytes under a limit of ${maxStoredBytes}`);
      });
    },
  ),
];
