import assert from 'node:assert/strict';
import { type TaskEntry, TaskError, type TaskHead, type TaskStore } from '@mcp-tasks/store';
import { answersLost, sameStore } from '../fakes/faulty-store.ts';
import { applyRuleCall, type RuleCall } from '../sides/racers.ts';
import {
  assertSameEntries,
  assertSameHead,
  claimOf,
  creation,
  HOUR_MS,
  limitsOf,
  MINUTE_MS,
  mustRead,
  newTask,
  stored,
  updateOf,
} from '../sides/records.ts';
import { type CaseKit, contractCase } from './case-kit.ts';

/** A connection that does what it is told and loses every answer. */
async function losingConnection({ data, other }: CaseKit): Promise<TaskStore> {
  return (await data.connectLosingAnswers?.()) ?? answersLost(other);
}

async function mustLose(call: Promise<unknown>): Promise<void> {
  await assert.rejects(
    call,
    (error) => TaskError.is(error, 'STORE_UNAVAILABLE') && error.retryable,
    'no answer was lost',
  );
}

interface LostWrite {
  readonly head: TaskHead;
  readonly call: RuleCall;
}

/** Every kind of write that a task sees, with a head on which it may happen. */
function lostWrites(nowMs: number): Record<string, LostWrite> {
  const held = (fields: Partial<TaskHead> = {}) =>
    newTask(nowMs, { attempt: 1, holder: 'process-1', dueAtMs: nowMs + MINUTE_MS, crashCount: 1, ...fields });
  const byRun = (make: (lease: { taskId: string; attempt: number; holder: string }) => RuleCall, fields = {}) => {
    const head = held(fields);
    return { head, call: make({ taskId: head.taskId, attempt: 1, holder: 'process-1' }) };
  };
  const asking = { status: 'input_required', openQuestions: ['q'] };
  const put = [{ kind: 'checkpoint' as const, name: 'step', value: '1' }];
  const request = {
    method: 'elicitation/create' as const,
    params: { message: '?', requestedSchema: { type: 'object', properties: {} } },
  };
  return {
    effects: byRun((lease) => ({ rule: 'effects', args: [lease, { put, progress: { done: 1 } }] })),
    ask: byRun((lease) => ({ rule: 'ask', args: [lease, 'q', request, { maxOpenQuestions: 16 }] })),
    answer: { head: held(asking as Partial<TaskHead>), call: { rule: 'answer', args: [{ q: { action: 'accept' } }] } },
    park: byRun((lease) => ({ rule: 'park', args: [lease, { message: 'waits', awaits: ['q'] }] }), asking),
    release: byRun((lease) => ({ rule: 'release', args: [lease] })),
    complete: byRun((lease) => ({
      rule: 'complete',
      args: [lease, { result: { content: [] }, keepResultMs: HOUR_MS }],
    })),
    fail: byRun((lease) => ({ rule: 'fail', args: [lease, { code: -32603, message: 'no' }, 0] })),
    cancel: { head: held(), call: { rule: 'cancel', args: [] } },
  };
}

const ENTRY: TaskEntry = { kind: 'variable', name: 'a', value: '1' };

/** A store whose first update loses its answer. */
function losingFirst(store: TaskStore, losing: TaskStore): TaskStore {
  let isFirst = true;
  return sameStore(store, {
    update(input) {
      const connection = isFirst ? losing : store;
      isFirst = false;
      return connection.update(input);
    },
  });
}

/** A write whose answer was lost is sent again. */
export const lostAnswerCases = [
  contractCase(
    {
      id: 'lost-create',
      promise: 10,
      title:
        '[DURA-08] makes one task of a create whose answer was lost and that is sent again, with and without a key',
    },
    async (kit) => {
      const { store, nowMs } = kit;
      const losing = await losingConnection(kit);
      const limits = limitsOf(2, 2);
      for (const idempotencyKey of [undefined, 'key']) {
        const head = newTask(nowMs);
        const entries: TaskEntry[] = [{ kind: 'call', name: '', value: '1' }];
        const create = creation(head, { entries, idempotencyKey, limits });
        await mustLose(losing.create(create));
        const again = await store.create(create);
        assert.equal(again.status, 'existing', `a create that is sent again answered ${again.status}`);
        assertSameHead(again.head, head, 'a create that is sent again answers another head');
        assertSameEntries((await mustRead(store, head.taskId, nowMs)).entries, entries, 'the entries of that task');
      }
      assert.equal((await store.list({ owner: 'owner', limit: 10, nowMs })).heads.length, 2);
    },
  ),

  contractCase(
    {
      id: 'lost-update',
      promise: 10,
      title: '[DURA-08] has one effect of every kind of write whose answer was lost and that is sent again',
    },
    async (kit) => {
      const { store, nowMs } = kit;
      const losing = await losingConnection(kit);
      for (const [name, { head, call }] of Object.entries(lostWrites(nowMs))) {
        await stored(store, head);
        const end = await applyRuleCall(losingFirst(store, losing), nowMs, head, call);
        assert.equal(end.wrote, true, `${name} whose answer was lost counts as not written`);
        const record = await mustRead(store, head.taskId, nowMs);

        const twin = { ...head, taskId: newTask(nowMs).taskId };
        await stored(store, twin);
        const twinCall = JSON.parse(JSON.stringify(call).replaceAll(head.taskId, twin.taskId)) as RuleCall;
        await applyRuleCall(store, nowMs, twin, twinCall);
        const expected = await mustRead(store, twin.taskId, nowMs);
        const { taskId } = head;
        const { writeId } = record.head;
        assertSameHead(record.head, { ...expected.head, taskId, writeId }, `the head after ${name} was sent again`);
        assertSameEntries(record.entries, expected.entries, `the entries after ${name} was sent again`);
      }
    },
  ),

  contractCase(
    {
      id: 'lost-claim',
      promise: 10,
      title: '[LIFE-05][DURA-08] answers a claim whose answer was lost with what it claimed, and claims nothing more',
    },
    async (kit) => {
      const { store, nowMs } = kit;
      const losing = await losingConnection(kit);
      const due = (dueAtMs: number) => newTask(nowMs, { dueAtMs });
      const heads = [due(nowMs - 3), due(nowMs - 2), due(nowMs - 1), due(nowMs)];
      const entries: TaskEntry[] = [{ kind: 'call', name: '', value: '1' }];
      for (const head of heads) await stored(store, head, entries);
      const claim = claimOf(nowMs, { limit: 3 });
      await mustLose(losing.claim(claim));
      const [first, second] = heads;
      assert.ok(first && second);
      const { head } = await mustRead(store, first.taskId, nowMs);
      await store.update(updateOf(head, { head: { status: 'cancelled', holder: null, dueAtMs: null } }, nowMs));
      for (const connection of [store, kit.other]) {
        const again = await connection.claim(claim);
        assert.deepEqual(
          again.records.map((record) => record.head.taskId).sort(),
          heads
            .slice(1, 3)
            .map(({ taskId }) => taskId)
            .sort(),
          'a claim that is sent again answers other tasks than it claimed and were not written since',
        );
        for (const record of again.records) {
          assertSameEntries(record.entries, entries, 'the entries of a claim that is sent again');
          assert.deepEqual([record.head.attempt, record.head.version], [1, 2], 'a task was claimed a second time');
        }
      }
      const next = await store.claim(claimOf(nowMs));
      assert.deepEqual(
        next.records.map((record) => record.head.taskId),
        [heads[3]?.taskId],
        'another claim does not get the rest',
      );
    },
  ),

  contractCase(
    {
      id: 'lost-update-resent',
      promise: 3,
      title:
        '[LIFE-04][DURA-08] answers an update that is sent again as written, and writes nothing, until another write is on top',
    },
    async (kit) => {
      const { store, other, nowMs } = kit;
      const losing = await losingConnection(kit);
      const head = newTask(nowMs);
      await stored(store, head);
      const update = updateOf(head, { head: { statusMessage: 'one' }, put: [ENTRY] }, nowMs);
      await mustLose(losing.update(update));
      for (const connection of [store, other]) {
        const again = await connection.update(update);
        assert.equal(again.status, 'updated', `an update that is sent again answered ${again.status}`);
        assert.equal(again.head.version, 2, 'an update that is sent again was written twice');
      }
      const { head: present } = await mustRead(store, head.taskId, nowMs);
      const next = await other.update(updateOf(present, { head: { statusMessage: 'two' } }, nowMs));
      assert.equal(next.status, 'updated');
      const late = await store.update(update);
      assert.equal(late.status, 'conflict', 'an update below another write counts as the last one');
      assert.equal(late.head.statusMessage, 'two');
    },
  ),

  contractCase(
    {
      id: 'lost-renew',
      promise: 10,
      title: '[DURA-08] still holds what it renewed when the answer was lost and the renewal is sent again',
    },
    async (kit) => {
      const { store, nowMs } = kit;
      const losing = await losingConnection(kit);
      const head = newTask(nowMs, { attempt: 1, holder: 'process-1', dueAtMs: nowMs });
      await stored(store, head);
      const renewal = {
        leases: [{ taskId: head.taskId, attempt: 1, holder: 'process-1' }],
        leaseMs: MINUTE_MS,
        nowMs,
      };
      await mustLose(losing.renew(renewal));
      const again = await store.renew(renewal);
      assert.equal(again.length, 1, 'a renewal that is sent again has lost the lease');
      assertSameHead(again[0] ?? head, { ...head, dueAtMs: nowMs + MINUTE_MS }, 'the head of that lease');
    },
  ),

  contractCase(
    {
      id: 'lost-sweep',
      promise: 10,
      title: '[DURA-08][INTG-09] goes on after a sweep whose answer was lost, and counts only what is removed now',
    },
    async (kit) => {
      const { store, nowMs } = kit;
      const losing = await losingConnection(kit);
      for (let count = 0; count < 5; count += 1) await stored(store, newTask(nowMs));
      const sweep = { nowMs: nowMs + HOUR_MS, limit: 3 };
      await mustLose(losing.deleteExpired(sweep));
      const counts = [await store.deleteExpired(sweep), await store.deleteExpired(sweep)].map(({ length }) => length);
      assert.deepEqual(counts, [2, 0], 'what the sweeps after the lost one removed');
    },
  ),
];
