import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { TaskHead, TaskHint } from '@mcp-tasks/store';
import { WaiterHub } from '@mcp-tasks/store/rules';
import { fakeClock } from '../fakes/fake-clock.ts';
import { hintsThrough } from '../fakes/faulty-store.ts';
import { claimOf, newTask, stored, updateAt, writeIdOf } from '../sides/records.ts';
import { until } from '../sides/until.ts';
import { contractCase } from './case-kit.ts';

const TICK_MS = 1_000;

/** Promise 7. */
export const watchCases = [
  contractCase(
    {
      id: 'watch-hints',
      promise: 7,
      title: '[DURA-05] hints at changes made through another connection until the watch ends, if it hints at all',
    },
    async ({ store, other, nowMs }) => {
      if (other.watch === undefined) return;
      const seen: TaskHint[] = [];
      const seenAfter: TaskHint[] = [];
      const end = await other.watch((hint) => seen.push(hint));
      const head = newTask(nowMs);
      const { taskId } = head;
      await stored(store, head);
      await store.update(updateAt(taskId, 1, { head: { status: 'completed' } }, nowMs));
      await until('a hint at a change', () => seen.some((hint) => hint.taskId === taskId && hint.version === 2));
      assert.equal(seen.find(({ version }) => version === 2)?.status, 'completed', 'a hint tells another status');

      const endOther = await other.watch((hint) => seenAfter.push(hint));
      await end();
      const count = seen.length;
      await store.update(updateAt(taskId, 2, { head: {} }, nowMs));
      await until('a hint to the second watch', () => seenAfter.some(({ version }) => version === 3));
      await endOther();
      assert.equal(
        seen.slice(count).filter(({ version }) => version === 3).length,
        0,
        'a watch that ended is told of changes',
      );
    },
  ),

  contractCase(
    {
      id: 'hints-due',
      promise: 7,
      title: '[LIFE-09] hints with handler, queue and time at a task that waits for a run, if it hints at all',
    },
    async ({ store, other, nowMs }) => {
      if (other.watch === undefined) return;
      const seen = new Map<number, TaskHint>();
      const head = newTask(nowMs, { dueAtMs: nowMs, queue: 'engine\0' });
      const end = await other.watch((hint) => {
        if (hint.taskId === head.taskId) seen.set(hint.version, hint);
      });
      const { taskId } = head;
      await stored(store, head);
      await store.claim(claimOf(nowMs, { queues: [head.queue], writeId: writeIdOf(2) }));
      await store.update(updateAt(taskId, 2, { head: { holder: null, dueAtMs: null } }, nowMs));
      await store.update(updateAt(taskId, 3, { head: { dueAtMs: nowMs + 9 } }, nowMs));
      await until('the last hint', () => seen.has(4));
      await end();
      const due = (atMs: number) => ({ handler: 'tool', queue: head.queue, atMs });
      for (const [version, expected] of [
        [1, due(nowMs)],
        [2, undefined],
        [3, undefined],
        [4, due(nowMs + 9)],
      ] as const) {
        const hint = seen.get(version);
        if (hint !== undefined) assert.deepEqual(hint.due, expected, `the hint at version ${version}`);
      }
    },
  ),

  contractCase(
    {
      id: 'hints-unreliable',
      promise: 7,
      title: '[DURA-05][INTG-06] tells who waits of every end, with hints dropped, repeated, late or made up',
    },
    async ({ store, other, nowMs }) => {
      const faults: Record<string, (hint: TaskHint) => TaskHint[]> = {
        dropped: () => [],
        'repeated and late': (hint) => [hint, hint, { ...hint, version: 1, status: 'working' }],
        'made up': (hint) => [
          { ...hint, taskId: randomUUID() },
          { ...hint, version: hint.version + 5, status: 'failed' },
        ],
      };
      for (const [fault, pass] of Object.entries(faults)) {
        const clock = fakeClock(nowMs);
        const hub = new WaiterHub({ store: hintsThrough(other, pass), clock, tickMs: TICK_MS, watchedTickMs: TICK_MS });
        try {
          const head = newTask(nowMs);
          const { taskId } = head;
          await stored(store, head);
          const told: TaskHead[] = [];
          let isGone = false;
          const notify = (now: TaskHead | undefined) => {
            if (now === undefined) isGone = true;
            else told.push(now);
          };
          hub.add({ taskId, seenVersion: () => told.at(-1)?.version ?? 0, notify });
          await until(`the first head, with hints ${fault}`, () => told.length > 0);
          const patches = [{ statusMessage: 'half' }, { status: 'completed' }] as const;
          for (const [index, patch] of patches.entries()) {
            await store.update(updateAt(taskId, index + 1, { head: patch }, nowMs));
          }
          await until(`the end, with hints ${fault}`, () => {
            clock.advance(TICK_MS);
            return isGone || told.at(-1)?.status === 'completed';
          });
          assert.ok(!isGone, 'a task is told to be gone that is not');
          const versions = told.map(({ version }) => version);
          assert.deepEqual(versions, [...new Set(versions)].sort(), 'a version is told twice, or out of order');
        } finally {
          await hub.close();
        }
      }
    },
  ),
];
