import assert from 'node:assert/strict';
import type { DuePosition, TaskHead } from '@mcp-tasks/store';
import { creation, MINUTE_MS, newTask } from '../sides/records.ts';
import { contractCase } from './case-kit.ts';

const idsOf = (heads: readonly TaskHead[]): readonly string[] => heads.map(({ taskId }) => taskId);

/** Promise 5, of tasks whose handlers the caller does not know. */
export const dueCases = [
  contractCase(
    {
      id: 'due-others',
      promise: 5,
      title: '[DURA-09][LIFE-09] lists tasks whose time has come, of all handlers except the named ones, by pages',
    },
    async ({ store, other, nowMs }) => {
      const make = (fields: Partial<TaskHead>) => newTask(nowMs - MINUTE_MS, { dueAtMs: nowMs - 9, ...fields });
      const expected = [
        make({ handler: 'tool 2', dueAtMs: nowMs - 4 }),
        make({ handler: "it's:another\u{1F600}", queue: 'engine', dueAtMs: nowMs - 3 }),
        make({ handler: 'too', dueAtMs: nowMs - 2, attempt: 2, holder: 'process-1' }),
        make({ handler: 'nul\0', dueAtMs: nowMs - 1, owner: 'somebody else', status: 'input_required' }),
        make({ handler: 'tool 2', dueAtMs: nowMs }),
      ];
      const others = [
        make({ handler: 'tool' }),
        make({ handler: 'tool', queue: 'engine' }),
        make({ handler: 'Tool é', holder: 'process-1', attempt: 1 }),
        make({ handler: 'tool 2', queue: 'not asked for' }),
        make({ handler: 'tool 2', dueAtMs: nowMs + 1 }),
        make({ handler: 'only later', dueAtMs: nowMs + MINUTE_MS }),
        make({ handler: 'parked', dueAtMs: null }),
        make({ handler: 'over', status: 'failed' }),
      ];
      for (const head of [...others, ...[...expected].reverse()]) await store.create(creation(head, { nowMs }));
      const due = (except: readonly string[], limit: number, after?: DuePosition) =>
        other.due({ handlers: { except }, queues: ['engine', '', 'engine'], after, limit, nowMs });
      const known = ['tool', 'Tool é', 'tool', 'never seen'];
      assert.deepEqual(
        idsOf(await due(known, 100)),
        idsOf(expected),
        'the due tasks of other handlers, in their order',
      );
      assert.deepEqual(idsOf(await due(known, 3)), idsOf(expected.slice(0, 3)), 'a limit');
      const pages: TaskHead[] = [];
      for (let page = await due(known, 2); page.length > 0;) {
        pages.push(...page);
        const { dueAtMs, taskId } = page.at(-1) ?? newTask(nowMs);
        page = await due(known, 2, { dueAtMs: dueAtMs ?? 0, taskId });
      }
      assert.deepEqual(idsOf(pages), idsOf(expected), 'the pages');
      assert.equal((await due([], 100)).length, expected.length + 3, 'no handler was left out');
      const none = await store.due({ handlers: { except: known }, queues: [], limit: 5, nowMs });
      assert.deepEqual(none, [], 'no queue was named');
    },
  ),

  contractCase(
    {
      id: 'due-others-cost',
      promise: 5,
      title: '[LIFE-09] lists due tasks of other handlers at a cost that does not grow with those of the named ones',
    },
    async ({ store, nowMs, costOf }) => {
      await store.create(creation(newTask(nowMs, { handler: 'unknown', dueAtMs: nowMs })));
      const cost = () =>
        costOf(async () => {
          const due = await store.due({ handlers: { except: ['tool'] }, queues: [''], limit: 5, nowMs });
          assert.equal(due.length, 1, 'the due tasks of other handlers');
        });
      const fill = (count: number) =>
        Promise.all(
          Array.from({ length: count }, (_, index) =>
            store.create(creation(newTask(nowMs, { owner: `owner ${index % 10}`, dueAtMs: nowMs - index }))),
          ),
        );
      await fill(10);
      const little = await cost();
      await fill(1_000);
      const much = await cost();
      assert.ok(
        much.operations <= little.operations,
        `a list takes ${much.operations} operations instead of ${little.operations}`,
      );
      assert.ok(much.bytes <= little.bytes + 512, `a list takes ${much.bytes} bytes instead of ${little.bytes}`);
    },
  ),
];
