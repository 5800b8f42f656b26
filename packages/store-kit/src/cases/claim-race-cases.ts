import assert from 'node:assert/strict';
import { claimOf, creation, MINUTE_MS, mustRead, newTask, stored } from '../sides/records.ts';
import { contractCase } from './case-kit.ts';

/** Promise 5: claims that race. */
export const claimRaceCases = [
  contractCase(
    {
      id: 'race-claim',
      promise: 5,
      title:
        '[LIFE-05][DURA-02][DURA-07][TEST-04] gives each due task to exactly one of many claimers, and misses none',
    },
    async ({ store, nowMs, contend }) => {
      await contend(async (race) => {
        const handler = newTask(nowMs).taskId;
        const heads = Array.from({ length: 30 }, (_, index) =>
          newTask(nowMs, { handler, owner: `owner ${index % 4}`, dueAtMs: nowMs }),
        );
        await Promise.all(heads.map((head) => store.create(creation(head))));
        const claims = (holder: string) => {
          const claim = claimOf(nowMs, { handlers: [{ name: handler }], holder, limit: 3, perOwner: 2 });
          return { racer: 'claims', input: { claim } } as const;
        };
        const [left, right] = await race(claims('left'), claims('right'));
        const claimed = [...left, ...right].flat();
        assert.equal(new Set(claimed).size, claimed.length, 'a task was claimed twice');
        // A claim that ran beside another may have found its tasks locked: the next one gets them.
        const rest = await store.claim(claimOf(nowMs, { handlers: [{ name: handler }], holder: 'rest' }));
        assert.equal(claimed.length + rest.records.length, heads.length, 'a due task was missed');
        for (const [holder, taskIds] of [
          ['left', left.flat()],
          ['right', right.flat()],
        ] as const) {
          for (const taskId of taskIds) {
            const { head } = await mustRead(store, taskId, nowMs);
            assert.deepEqual([head.holder, head.attempt, head.version], [holder, 1, 2]);
          }
        }
      });
    },
  ),

  contractCase(
    {
      id: 'race-claim-cancel',
      promise: 5,
      title: '[DURA-04][DURA-07][TEST-04] lets a claim or the cancellation of its task come first, and loses neither',
    },
    async ({ store, nowMs, contend }) => {
      await contend(async (race) => {
        const head = newTask(nowMs, { dueAtMs: nowMs });
        await stored(store, head);
        const [{ records }, [cancelled]] = await race(
          { racer: 'claim', input: { claim: claimOf(nowMs, { taskIds: [head.taskId] }) } },
          { racer: 'rules', input: { head, nowMs, calls: [{ rule: 'cancel', args: [] }] } },
        );
        assert.ok(cancelled?.status === 'answered' && cancelled.answer.wrote, 'a cancellation was lost');
        const { head: now } = await mustRead(store, head.taskId, nowMs);
        assert.deepEqual([now.status, now.dueAtMs, now.holder], ['cancelled', null, undefined]);
        assert.equal(now.version, 2 + records.length, 'the writes that were made');
        assert.equal(now.attempt, records.length);
      });
    },
  ),

  contractCase(
    {
      id: 'race-claim-renew',
      promise: 5,
      title: '[DURA-03][TEST-04] lets the renewal of a lease or the take-over of its task win: never both',
    },
    async ({ store, nowMs, contend }) => {
      await contend(async (race) => {
        const heads = Array.from({ length: 8 }, () =>
          newTask(nowMs, { handler: 'raced', attempt: 1, holder: 'process-1', dueAtMs: nowMs + MINUTE_MS }),
        );
        await Promise.all(heads.map((head) => store.create(creation(head))));
        const atMs = nowMs + MINUTE_MS;
        const taskIds = heads.map(({ taskId }) => taskId);
        const leases = taskIds.map((taskId) => ({ taskId, attempt: 1, holder: 'process-1' }));
        const claim = claimOf(atMs, { handlers: [{ name: 'raced' }], holder: 'process-2', taskIds });
        const [renewed, { records }] = await race(
          { racer: 'renew', input: { leases, leaseMs: MINUTE_MS, nowMs: atMs } },
          { racer: 'claim', input: { claim } },
        );
        const taken = new Set(records.map(({ head }) => head.taskId));
        const held = [...renewed.map(({ taskId }) => taskId), ...taken];
        assert.equal(new Set(held).size, heads.length, 'a task was neither renewed nor taken over');
        assert.equal(held.length, heads.length, 'a task was taken over whose lease was renewed');
        for (const { taskId } of heads) {
          const { head } = await mustRead(store, taskId, atMs);
          if (taken.has(taskId)) assert.deepEqual([head.holder, head.attempt], ['process-2', 2]);
          else assert.deepEqual([head.holder, head.attempt, head.dueAtMs], ['process-1', 1, atMs + MINUTE_MS]);
        }
      });
    },
  ),
];
