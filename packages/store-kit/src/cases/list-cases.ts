import assert from 'node:assert/strict';
import type { ListPosition, TaskHead, TaskStore } from '@mcp-tasks/store';
import { assertSameHead, creation, newTask, stored, updateAt } from '../sides/records.ts';
import { contractCase } from './case-kit.ts';

/** All pages of an owner, and whether each said rightly that more follow. */
async function readAll(store: TaskStore, nowMs: number, limit: number, owner = 'owner'): Promise<TaskHead[]> {
  const heads: TaskHead[] = [];
  for (let after: ListPosition | undefined; ;) {
    const page = await store.list({ owner, limit, nowMs, ...(after && { after }) });
    assert.ok(page.heads.length <= limit, `a page of ${limit} has ${page.heads.length} tasks`);
    assert.ok(!page.hasMore || page.heads.length === limit, 'a page is short although more follow');
    assert.ok(after === undefined || page.heads.length > 0, 'a page promised more tasks than there are');
    heads.push(...page.heads);
    after = page.heads.at(-1);
    if (!page.hasMore || after === undefined) return heads;
  }
}

function newestFirst(one: TaskHead, other: TaskHead): number {
  return other.createdAtMs - one.createdAtMs || (one.taskId < other.taskId ? 1 : -1);
}

/** Promise 4. */
export const listCases = [
  contractCase(
    {
      id: 'list-pages',
      promise: 4,
      title: '[INTG-07][TEST-04] pages newest first, each task once, and says rightly whether more follow',
    },
    async ({ store, other, nowMs }) => {
      const heads = Array.from({ length: 12 }, (_, index) =>
        newTask(nowMs, { createdAtMs: nowMs - ((index * 5) % 12) }),
      );
      for (const head of heads) await store.create(creation(head, { nowMs }));
      const expected = [...heads].sort(newestFirst).map(({ taskId }) => taskId);
      for (const limit of [1, 2, 5, 11, 12, 13]) {
        const found = await readAll(other, nowMs, limit);
        assert.deepEqual(
          found.map(({ taskId }) => taskId),
          expected,
          `pages of ${limit}`,
        );
      }
      assert.deepEqual(await store.list({ owner: 'nobody', limit: 5, nowMs }), { heads: [], hasMore: false });
    },
  ),

  contractCase(
    {
      id: 'list-ties',
      promise: 4,
      title: '[INTG-07][TEST-04] pages through tasks of one millisecond by id, without gap or duplicate',
    },
    async ({ store, nowMs }) => {
      const heads = Array.from({ length: 9 }, () => newTask(nowMs));
      for (const head of heads) await store.create(creation(head));
      const expected = [...heads].sort(newestFirst).map(({ taskId }) => taskId);
      for (const limit of [1, 2, 4]) {
        const found = await readAll(store, nowMs, limit);
        assert.deepEqual(
          found.map(({ taskId }) => taskId),
          expected,
          `pages of ${limit} within one millisecond`,
        );
      }
    },
  ),

  contractCase(
    { id: 'list-position', promise: 4, title: '[INTG-07] goes on after a place, whether or not a task is there' },
    async ({ store, nowMs }) => {
      const [old, young] = [newTask(nowMs - 10), newTask(nowMs)];
      for (const head of [old, young]) await store.create(creation(head, { nowMs }));
      const after = async (createdAtMs: number, taskId: string) => {
        const page = await store.list({ owner: 'owner', limit: 5, nowMs, after: { createdAtMs, taskId } });
        return page.heads.map((head) => head.taskId);
      };
      assert.deepEqual(await after(nowMs + 5, 'f'), [young.taskId, old.taskId], 'the tasks after a younger place');
      assert.deepEqual(await after(nowMs - 5, 'f'), [old.taskId], 'the tasks after a place between two');
      assert.deepEqual(
        await after(nowMs, '~'),
        [young.taskId, old.taskId],
        'a greater id of the same millisecond comes before',
      );
      assert.deepEqual(await after(nowMs, ' '), [old.taskId], 'a smaller id of the same millisecond comes after');
      assert.deepEqual(await after(nowMs - 20, 'f'), [], 'the tasks after an older place');
    },
  ),

  contractCase(
    {
      id: 'list-present',
      promise: 4,
      title: '[INTG-07][SEC-03] lists the heads of the owner alone, as they are now, in their place of creation',
    },
    async ({ store, other, nowMs }) => {
      const mine = [newTask(nowMs), newTask(nowMs + 1)] as const;
      for (const head of mine) await stored(store, head);
      await stored(store, newTask(nowMs, { owner: 'somebody else' }));
      const patch = { head: { status: 'completed' as const, lastUpdatedAtMs: nowMs + 99 } };
      const written = await store.update(updateAt(mine[0].taskId, 1, patch, nowMs));
      assert.equal(written.status, 'updated');
      const page = await other.list({ owner: 'owner', limit: 5, nowMs });
      assert.equal(page.heads.length, 2, 'the list of one owner shows the tasks of another');
      for (const [index, expected] of [mine[1], written.head].entries()) {
        const head = page.heads[index];
        assert.ok(head);
        assertSameHead(head, expected, 'the list shows another head than get');
      }
    },
  ),

  contractCase(
    {
      id: 'race-pages',
      promise: 4,
      title: '[INTG-07][STOR-05][TEST-04] pages under concurrent inserts without gap or duplicate',
    },
    async ({ store, nowMs, contend }) => {
      let round = 0;
      await contend(async (race) => {
        round += 1;
        const owner = `owner ${round}`;
        const heads = Array.from({ length: 10 }, (_, index) => newTask(nowMs, { owner, createdAtMs: nowMs - index }));
        for (const head of heads) await store.create(creation(head, { nowMs }));
        const expected = [...heads].sort(newestFirst).map(({ taskId }) => taskId);
        const [readings] = await race(
          { racer: 'readPages', input: { owner, limit: 3, times: 4, nowMs } },
          // Between the tasks that are there, and before and after them.
          { racer: 'createOften', input: { owner, times: 20, fromMs: nowMs - 14, nowMs } },
        );
        for (const reading of readings) {
          assert.equal(new Set(reading).size, reading.length, 'a task is on two pages');
          assert.deepEqual(
            reading.filter((taskId) => expected.includes(taskId)),
            expected,
            'pages have a gap',
          );
        }
      });
    },
  ),

  contractCase(
    { id: 'list-cost', promise: 4, title: '[INTG-07] costs the same for a page however many tasks exist' },
    async ({ store, nowMs, costOf }) => {
      const page = (owner: string) => costOf(() => store.list({ owner, limit: 3, nowMs }));
      const fill = async (owner: string, count: number) => {
        const heads = Array.from({ length: count }, (_, index) =>
          newTask(nowMs, { owner, createdAtMs: nowMs - index }),
        );
        await Promise.all(heads.map((head) => store.create(creation(head, { nowMs }))));
      };
      await fill('few', 4);
      const little = await page('few');
      await fill('many', 200);
      for (let owner = 0; owner < 50; owner += 1) await fill(`owner ${owner}`, 1);
      const much = await page('many');
      assert.ok(
        much.operations <= little.operations,
        `a page takes ${much.operations} operations instead of ${little.operations}`,
      );
      assert.ok(much.bytes <= little.bytes + 256, `a page takes ${much.bytes} bytes instead of ${little.bytes}`);
    },
  ),
];
