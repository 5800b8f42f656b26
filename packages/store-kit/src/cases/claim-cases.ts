import assert from 'node:assert/strict';
import type { ClaimOutcome, TaskEntry, TaskHead, TaskStore } from '@mcp-tasks/store';
import {
  assertSameEntries,
  assertSameHead,
  claimOf,
  creation,
  HOUR_MS,
  MINUTE_MS,
  mustRead,
  newTask,
  stored,
} from '../sides/records.ts';
import { contractCase } from './case-kit.ts';

const idsOf = ({ records }: ClaimOutcome): string[] => records.map(({ head }) => head.taskId);
const ids = (heads: readonly TaskHead[]): string[] => heads.map(({ taskId }) => taskId);

/** Store tasks that are due, in an order that tells nothing. */
async function storedAll(store: TaskStore, heads: readonly TaskHead[], nowMs: number): Promise<void> {
  await Promise.all([...heads].reverse().map((head) => store.create(creation(head, { nowMs }))));
}

/** Promise 5: claim, without races. */
export const claimCases = [
  contractCase(
    {
      id: 'claim-takes',
      promise: 5,
      title: '[DURA-07][DURA-09] claims due tasks and answers them with the entries asked for',
    },
    async ({ store, other, nowMs }) => {
      const entries: TaskEntry[] = [
        { kind: 'call', name: '', value: '1' },
        { kind: 'variable', name: 'a', value: '2' },
      ];
      const heads = [
        newTask(nowMs, { dueAtMs: nowMs, lastUpdatedAtMs: nowMs + 5 }),
        newTask(nowMs, {
          dueAtMs: nowMs - 1,
          status: 'input_required',
          openQuestions: ['q'],
          attempt: 4,
          crashCount: 1,
        }),
        newTask(nowMs, { dueAtMs: nowMs, holder: 'process-2', attempt: 1 }),
        newTask(nowMs, { dueAtMs: nowMs, holder: 'process-1', attempt: 1, crashCount: 1 }),
      ];
      for (const head of heads) await stored(store, head, entries);
      const claim = claimOf(nowMs, { leaseMs: 7_000, kinds: ['call'] });
      const { records } = await other.claim(claim);
      assert.deepEqual(new Set(records.map(({ head }) => head.taskId)), new Set(ids(heads)), 'the claimed tasks');
      for (const { head, entries: answered } of records) {
        const before = heads.find(({ taskId }) => taskId === head.taskId);
        assert.ok(before);
        const isLost = before.holder === 'process-2';
        const expected = {
          ...before,
          version: 2,
          writeId: claim.writeId,
          attempt: before.attempt + 1,
          crashCount: before.crashCount + (isLost ? 1 : 0),
          holder: 'process-1',
          dueAtMs: nowMs + 7_000,
          lastUpdatedAtMs: Math.max(before.lastUpdatedAtMs, nowMs),
        };
        assertSameHead(head, expected, 'the head that a claim answers');
        assertSameHead((await mustRead(store, head.taskId, nowMs)).head, expected, 'the head after a claim');
        const calls = answered.filter(({ kind }) => kind === 'call');
        assertSameEntries(calls, entries.slice(0, 1), 'the entries that a claim answers');
      }
      assert.deepEqual(
        (await store.claim(claimOf(nowMs, { holder: 'process-3' }))).records,
        [],
        'claimed tasks are claimed',
      );
      const late = await store.claim(claimOf(nowMs + 7_000, { holder: 'process-3' }));
      assert.equal(late.records.length, heads.length, 'a claim does not take what has run out of its lease');
    },
  ),

  contractCase(
    {
      id: 'claim-leaves',
      promise: 5,
      title: '[DURA-07] claims nothing that is not due, over, expired, or of another handler or queue',
    },
    async ({ store, other, nowMs }) => {
      const left = [
        newTask(nowMs, { dueAtMs: nowMs + 1 }),
        newTask(nowMs, { dueAtMs: null }),
        newTask(nowMs, { dueAtMs: nowMs + 1, holder: 'process-1', attempt: 1 }),
        newTask(nowMs, { dueAtMs: nowMs, handler: 'Tool' }),
        newTask(nowMs, { dueAtMs: nowMs, queue: 'engine' }),
        newTask(nowMs - HOUR_MS, { dueAtMs: nowMs - 1 }),
        ...(['completed', 'failed', 'cancelled'] as const).map((status) => newTask(nowMs, { dueAtMs: nowMs, status })),
      ];
      await Promise.all(left.map((head) => store.create(creation(head))));
      const { records } = await other.claim(claimOf(nowMs));
      assert.deepEqual(records, [], 'a task was claimed that must be left');
      const byId = await other.claim(claimOf(nowMs, { taskIds: ids(left) }));
      assert.deepEqual(byId.records, [], 'a task was claimed by its id that must be left');
      assert.deepEqual((await other.claim(claimOf(nowMs, { handlers: [] }))).records, [], 'no handler was named');
      assert.deepEqual((await other.claim(claimOf(nowMs, { queues: [] }))).records, [], 'no queue was named');
      const engine = await other.claim(claimOf(nowMs, { queues: ['engine', 'another'] }));
      assert.deepEqual(idsOf(engine), [left[4]?.taskId], 'the tasks of a queue');
    },
  ),

  contractCase(
    {
      id: 'claim-by-id',
      promise: 5,
      title: '[DURA-07] claims the tasks that it names, and no other',
    },
    async ({ store, other, nowMs }) => {
      const heads = Array.from({ length: 3 }, () => newTask(nowMs, { dueAtMs: nowMs }));
      await storedAll(store, heads, nowMs);
      const [wanted] = heads;
      assert.ok(wanted);
      const taskIds = [wanted.taskId, wanted.taskId, newTask(nowMs).taskId];
      const claimed = await other.claim(
        claimOf(nowMs, { taskIds, perOwner: 1, owners: [{ owner: 'owner', limit: 0 }] }),
      );
      assert.deepEqual(idsOf(claimed), [wanted.taskId], 'the task that the claim names');
      const limited = await other.claim(claimOf(nowMs, { taskIds: ids(heads), limit: 1 }));
      assert.equal(limited.records.length, 1, 'a limit');
    },
  ),

  contractCase(
    {
      id: 'claim-owners-in-turn',
      promise: 5,
      title:
        '[LIFE-05] gives owners their turn in the order of their bytes, from one owner on and round, the longest due first',
    },
    async ({ store, other, nowMs }) => {
      const owners = ['A', 'a', 'a\0', 'b', 'é', '\uffee', '\u{1F600}'];
      const heads = owners.flatMap((owner) =>
        [3, 1, 2].map((age) => newTask(nowMs, { owner, dueAtMs: nowMs - age, ttlMs: 2 * HOUR_MS })),
      );
      await storedAll(store, heads, nowMs);
      const longestDue = (owner: string, count: number): string[] => {
        const own = heads.filter((head) => head.owner === owner);
        return ids(own.sort((one, two) => (one.dueAtMs ?? 0) - (two.dueAtMs ?? 0)).slice(0, count));
      };
      const first = await other.claim(claimOf(nowMs, { limit: 3, perOwner: 1, afterOwner: 'b' }));
      assert.deepEqual(
        new Set(idsOf(first)),
        new Set(['é', '\uffee', '\u{1F600}'].flatMap((owner) => longestDue(owner, 1))),
        'the owners after one',
      );
      assert.equal(first.lastOwner, '\u{1F600}', 'the owner at which a claim stopped');
      const second = await other.claim(claimOf(nowMs, { limit: 4, perOwner: 2, afterOwner: first.lastOwner }));
      assert.deepEqual(
        new Set(idsOf(second)),
        new Set(['A', 'a'].flatMap((owner) => longestDue(owner, 2))),
        'the turn goes on from the first owner after the last, two tasks of each',
      );
      assert.equal(second.lastOwner, 'a');
      const rooms = [
        { owner: 'a\0', limit: 0 },
        { owner: 'é', limit: 3 },
      ];
      const third = await other.claim(claimOf(nowMs, { limit: 4, perOwner: 1, owners: rooms, afterOwner: 'a' }));
      assert.deepEqual(
        new Set(idsOf(third)),
        new Set([...longestDue('b', 1), ...longestDue('é', 3).slice(1), ...longestDue('\uffee', 2).slice(1)]),
        'owners with a room of their own',
      );
      const rest = await other.claim(claimOf(nowMs));
      assert.equal(rest.records.length, heads.length - 3 - 4 - 4, 'a claim with room for all gets the rest');
    },
  ),

  contractCase(
    {
      id: 'claim-suspects',
      promise: 5,
      title: '[LIFE-05] takes no more suspects than it may, counts them after the claim, and looks past them',
    },
    async ({ store, other, nowMs }) => {
      const handlers = [{ name: 'tool', suspectCrashCount: 2 }, { name: 'trusted' }];
      const make = (fields: Partial<TaskHead>) => newTask(nowMs, { dueAtMs: nowMs - 1, attempt: 2, ...fields });
      const suspects = [
        make({ crashCount: 2 }),
        make({ crashCount: 3, owner: 'another' }),
        make({ crashCount: 1, holder: 'process-2' }),
      ];
      const others = [
        make({ crashCount: 1, dueAtMs: nowMs }),
        make({ crashCount: 1, holder: 'process-1', dueAtMs: nowMs }),
        make({ crashCount: 9, handler: 'trusted' }),
      ];
      await storedAll(store, [...suspects, ...others], nowMs);
      const none = await other.claim(claimOf(nowMs, { handlers, suspects: 0 }));
      assert.deepEqual(new Set(idsOf(none)), new Set(ids(others)), 'a claim of no suspect');
      const one = await other.claim(claimOf(nowMs, { handlers, suspects: 1 }));
      assert.equal(one.records.length, 1, 'a claim of one suspect');
      const rest = await other.claim(claimOf(nowMs, { handlers, suspects: 5 }));
      assert.deepEqual(new Set([...idsOf(one), ...idsOf(rest)]), new Set(ids(suspects)), 'the rest of the suspects');
    },
  ),

  contractCase(
    {
      id: 'claim-lost-runs',
      promise: 5,
      title: '[DURA-07] leaves tasks that have a holder alone where it is told to',
    },
    async ({ store, other, nowMs }) => {
      const lost = ['process-1', 'process-2'].map((holder) =>
        newTask(nowMs, { holder, attempt: 1, dueAtMs: nowMs - 9 }),
      );
      const queued = newTask(nowMs, { dueAtMs: nowMs });
      await storedAll(store, [...lost, queued], nowMs);
      const cautious = await other.claim(claimOf(nowMs, { takesLostRuns: false }));
      assert.deepEqual(idsOf(cautious), [queued.taskId], 'a claim that leaves lost runs');
      const bold = await other.claim(claimOf(nowMs));
      assert.deepEqual(new Set(idsOf(bold)), new Set(ids(lost)), 'a claim that takes lost runs');
    },
  ),

  contractCase(
    {
      id: 'claim-next-due',
      promise: 5,
      title: '[LIFE-05] tells when the next task of these handlers and queues is due',
    },
    async ({ store, other, nowMs }) => {
      const nextDueAtMs = async (more: Parameters<typeof claimOf>[1] = {}) =>
        (await other.claim(claimOf(nowMs, more))).nextDueAtMs;
      assert.equal(await nextDueAtMs(), null, 'no task has a time');
      await stored(store, newTask(nowMs, { dueAtMs: null }));
      await stored(store, newTask(nowMs, { dueAtMs: nowMs + 5, handler: 'another' }));
      await stored(store, newTask(nowMs, { dueAtMs: nowMs + 5, queue: 'engine' }));
      await store.create(creation(newTask(nowMs - HOUR_MS, { dueAtMs: nowMs + 5 })));
      assert.equal(await nextDueAtMs(), null, 'a task counts that cannot be claimed');
      await stored(store, newTask(nowMs, { dueAtMs: nowMs + 2 * MINUTE_MS }));
      assert.equal(await nextDueAtMs(), nowMs + 2 * MINUTE_MS, 'a task that sleeps');
      const due = [newTask(nowMs, { dueAtMs: nowMs - 3 }), newTask(nowMs, { dueAtMs: nowMs - 2 })];
      await storedAll(store, due, nowMs);
      assert.equal(await nextDueAtMs({ limit: 1 }), nowMs - 2, 'a due task was left');
      assert.equal(
        await nextDueAtMs({ leaseMs: MINUTE_MS }),
        nowMs + MINUTE_MS,
        'the lease of the claimed ones ends first',
      );
      await stored(store, newTask(nowMs, { dueAtMs: nowMs, handler: 'alone' }));
      assert.equal(
        await nextDueAtMs({ handlers: [{ name: 'alone' }], leaseMs: 9 }),
        nowMs + 9,
        'the lease of the only task ends first',
      );
    },
  ),

  contractCase(
    {
      id: 'claim-cost',
      promise: 5,
      title: '[LIFE-05] costs the same however many tasks sleep or wait, and however many are due',
    },
    async ({ store, nowMs, costOf }) => {
      const claim = async (sleeping: number, due: number) => {
        const heads = Array.from({ length: sleeping + due }, (_, index) =>
          newTask(nowMs, {
            owner: `owner ${index % 100}`,
            handler: `tool ${sleeping}`,
            dueAtMs: index < due ? nowMs : nowMs + MINUTE_MS,
          }),
        );
        await Promise.all(heads.map((head) => store.create(creation(head))));
        const handlers = [{ name: `tool ${sleeping}` }];
        // The first claim may put what has become due in order; each task costs that once.
        await store.claim(claimOf(nowMs, { handlers, limit: 1, perOwner: 1 }));
        return costOf(() => store.claim(claimOf(nowMs, { handlers, limit: 2, perOwner: 1, afterOwner: 'owner 1' })));
      };
      const little = await claim(4, 10);
      const much = await claim(1_000, 200);
      assert.ok(
        much.operations <= little.operations,
        `a claim takes ${much.operations} operations instead of ${little.operations}`,
      );
      assert.ok(much.bytes <= little.bytes + 512, `a claim takes ${much.bytes} bytes instead of ${little.bytes}`);
    },
  ),
];
