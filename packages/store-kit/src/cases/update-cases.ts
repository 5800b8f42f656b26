import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { applyHeadPatch, type TaskEntry, type TaskHead, type TaskHeadPatch } from '@mcp-tasks/store';
import {
  assertSameEntries,
  assertSameHead,
  HOUR_MS,
  mustRead,
  newTask,
  stored,
  updateAt,
  updateOf,
  writeIdOf,
} from '../sides/records.ts';
import { contractCase } from './case-kit.ts';

/** Promise 3, without races. */
export const updateCases = [
  contractCase(
    {
      id: 'update-head',
      promise: 3,
      title:
        '[STOR-01][STOR-06] applies a patch to the head: what it names changes, all else stays, the version grows by one',
    },
    async ({ store, other, nowMs }) => {
      let head = newTask(nowMs, { dueAtMs: nowMs, joinKey: 'key' });
      await stored(store, head);
      const patches: TaskHeadPatch[] = [
        { status: 'input_required', openQuestions: ['q', 'p'], lastUpdatedAtMs: nowMs + 1 },
        {
          statusMessage: 'half',
          progress: { done: 0.5, total: 1 },
          holder: 'process-1',
          attempt: 1,
          dueAtMs: nowMs + 9,
        },
        { progress: { done: 1, message: 'all' }, crashCount: 2, ttlMs: 2 * HOUR_MS, expiresAtMs: nowMs + 2 * HOUR_MS },
        { status: 'completed', resultError: 'no', openQuestions: [], dueAtMs: null, holder: null, progressAtMs: nowMs },
        { joinState: 'told' },
        {},
      ];
      for (const patch of patches) {
        const { taskId, version } = head;
        const outcome = await store.update(updateAt(taskId, version, { head: patch }, nowMs));
        assert.equal(outcome.status, 'updated', `update answered ${outcome.status}`);
        head = applyHeadPatch(head, patch, { writeId: writeIdOf(version + 1) });
        assertSameHead(outcome.head, head, 'update answers another head than its patch makes');
        assertSameHead((await mustRead(other, taskId, nowMs)).head, head, 'get after update answers another head');
      }
    },
  ),

  contractCase(
    { id: 'update-removes', promise: 3, title: '[STOR-01] removes the optional fields that a patch sets to null' },
    async ({ store, nowMs }) => {
      const bare = newTask(nowMs, { dueAtMs: nowMs });
      const head = {
        ...bare,
        statusMessage: 'x',
        progress: { done: 1 },
        holder: 'process-1',
        resultError: 'y',
        progressAtMs: 1,
        joinState: 'held' as const,
      };
      await stored(store, head);
      const patch = {
        head: {
          statusMessage: null,
          progress: null,
          holder: null,
          resultError: null,
          dueAtMs: null,
          progressAtMs: null,
          joinState: null,
        },
      };
      const outcome = await store.update(updateAt(head.taskId, 1, patch, nowMs));
      assert.equal(outcome.status, 'updated');
      const expected = { ...bare, dueAtMs: null, version: 2, writeId: writeIdOf(2) };
      assertSameHead(outcome.head, expected, 'update answers a field that it removed');
      assertSameHead((await mustRead(store, head.taskId, nowMs)).head, expected, 'a removed field is still stored');
    },
  ),

  contractCase(
    {
      id: 'update-entries',
      promise: 3,
      title:
        '[STOR-01][STOR-02] puts, replaces and deletes the entries of a patch together with its head, and no others',
    },
    async ({ store, other, nowMs }) => {
      const entry = (name: string, value: string, kind: TaskEntry['kind'] = 'variable') => ({ kind, name, value });
      const [head, neighbour] = [newTask(nowMs), newTask(nowMs)];
      const entries = [entry('a', '1'), entry('b', '2'), entry('a', '3', 'published')];
      await stored(store, head, entries);
      await stored(store, neighbour, entries);
      const outcome = await store.update(
        updateAt(
          head.taskId,
          1,
          {
            head: { status: 'completed' },
            put: [entry('a', '10'), entry('c', '4'), entry('', '{}', 'result')],
            delete: [
              { kind: 'variable', name: 'b' },
              { kind: 'variable', name: 'never there' },
              { kind: 'answer', name: 'a' },
            ],
          },
          nowMs,
        ),
      );
      assert.equal(outcome.status, 'updated');
      const expected = [entry('a', '10'), entry('c', '4'), entry('a', '3', 'published'), entry('', '{}', 'result')];
      assertSameEntries((await mustRead(other, head.taskId, nowMs)).entries, expected, 'the entries after an update');
      assertSameEntries(
        (await mustRead(other, neighbour.taskId, nowMs)).entries,
        entries,
        'the entries of another task',
      );
    },
  ),

  contractCase(
    {
      id: 'update-conflict',
      promise: 3,
      title: '[STOR-06][DURA-08] writes nothing for another version, and answers the present head',
    },
    async ({ store, other, nowMs }) => {
      const head = newTask(nowMs);
      const entries = [{ kind: 'variable' as const, name: 'a', value: '1' }];
      await stored(store, head, entries);
      const { taskId } = head;
      const first = await store.update(updateAt(taskId, 1, { head: { statusMessage: 'first' } }, nowMs));
      assert.equal(first.status, 'updated');
      const unlike: Pick<TaskHead, 'version' | 'writeId'>[] = [
        { version: 1, writeId: head.writeId },
        { version: 3, writeId: first.head.writeId },
        { version: 0, writeId: first.head.writeId },
        { version: 2, writeId: head.writeId },
      ];
      for (const expected of unlike) {
        const outcome = await other.update(
          updateOf(
            head,
            {
              head: { statusMessage: 'late', status: 'cancelled' },
              put: [{ kind: 'answer', name: 'late', value: '1' }],
              delete: [{ kind: 'variable', name: 'a' }],
            },
            nowMs,
            { expected },
          ),
        );
        assert.equal(
          outcome.status,
          'conflict',
          `update of version ${expected.version} by write ${expected.writeId} answered ${outcome.status}`,
        );
        assertSameHead(outcome.head, first.head, 'a conflict answers another head than the present one');
        const record = await mustRead(store, taskId, nowMs);
        assertSameHead(record.head, first.head, 'a conflict changed the head');
        assertSameEntries(record.entries, entries, 'a conflict changed the entries');
      }
    },
  ),

  contractCase(
    {
      id: 'update-missing',
      promise: 3,
      title: '[STOR-01] answers not-found for a task that was never there, and makes none',
    },
    async ({ store, nowMs }) => {
      const taskId = randomUUID();
      const patch = { head: {}, put: [{ kind: 'variable' as const, name: 'a', value: '1' }] };
      for (const expectedVersion of [0, 1]) {
        const outcome = await store.update(updateAt(taskId, expectedVersion, patch, nowMs));
        assert.deepEqual(outcome, { status: 'not-found' }, 'update of a task that was never there');
      }
      assert.deepEqual(await store.get({ taskIds: [taskId], kinds: ['variable'], nowMs }), []);
    },
  ),

  contractCase(
    { id: 'update-cost', promise: 3, title: '[STOR-01] costs the same however much the task has stored' },
    async ({ store, nowMs, costOf }) => {
      const [small, large] = [newTask(nowMs), newTask(nowMs)];
      await stored(store, small);
      await stored(store, large);
      const value = JSON.stringify('x'.repeat(4_096));
      const FILLED = 64;
      for (let version = 1; version <= FILLED; version += 1) {
        const put = [{ kind: 'checkpoint' as const, name: `step ${version}`, value }];
        await store.update(updateAt(large.taskId, version, { head: {}, put }, nowMs));
        await store.update(updateAt(small.taskId, version, { head: {} }, nowMs));
      }
      const patch = { head: { statusMessage: 'x' }, put: [{ kind: 'variable' as const, name: 'a', value: '1' }] };
      const write = ({ taskId }: { taskId: string }) =>
        costOf(() => store.update(updateAt(taskId, FILLED + 1, patch, nowMs)));
      const [little, much] = [await write(small), await write(large)];
      assert.equal(
        much.operations,
        little.operations,
        'an update takes more operations on a task that has stored much',
      );
      assert.ok(
        much.bytes <= little.bytes + 1_024,
        `an update takes ${much.bytes} bytes instead of ${little.bytes} on a task that has stored much`,
      );
    },
  ),
];
