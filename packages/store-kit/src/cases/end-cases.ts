import assert from 'node:assert/strict';
import type { TaskHead } from '@mcp-tasks/store';
import { isTerminalStatus } from '@mcp-tasks/wire';
import { applyRuleCall, outcome, type RuleCall, type RuleEnd } from '../sides/racers.ts';
import { claimOf, HOUR_MS, MINUTE_MS, mustRead, newTask, readTask, stored } from '../sides/records.ts';
import { contractCase } from './case-kit.ts';

const RESULT = { content: [{ type: 'text' as const, text: 'done' }] };
const QUESTION = { kind: 'question' as const, name: 'q', value: '{}' };

/** A task that a run holds, waiting at a question. */
function heldTask(nowMs: number): TaskHead {
  return newTask(nowMs, {
    status: 'input_required',
    openQuestions: ['q'],
    attempt: 1,
    holder: 'process-1',
    dueAtMs: nowMs + MINUTE_MS,
  });
}

function complete({ taskId }: TaskHead, keepResultMs = 0): RuleCall {
  const lease = { taskId, attempt: 1, holder: 'process-1' };
  return { rule: 'complete', args: [lease, { result: RESULT, keepResultMs }] };
}
const ANSWER: RuleCall = { rule: 'answer', args: [{ q: { action: 'accept' } }] };
const CANCEL: RuleCall = { rule: 'cancel', args: [] };

const wrote = (end: RuleEnd | undefined): boolean => end?.status === 'answered' && end.answer.wrote;

/** Promise 3 for what ends a task: one end under every race. */
export const endCases = [
  contractCase(
    {
      id: 'race-ends',
      promise: 3,
      title:
        '[DURA-04][STOR-02][TEST-04] gives a task one end when result, error, cancel and answer race, and loses no answer',
    },
    async ({ store, nowMs, contend }) => {
      await contend(async (race) => {
        const head = heldTask(nowMs);
        await stored(store, head, [QUESTION]);
        const lease = { taskId: head.taskId, attempt: 1, holder: 'process-1' };
        const fail: RuleCall = { rule: 'fail', args: [lease, { code: -32603, message: 'no' }, 0] };
        const [[completed, answered], [cancelled, failed]] = await race(
          { racer: 'rules', input: { head, nowMs, calls: [complete(head), ANSWER] } },
          { racer: 'rules', input: { head, nowMs, calls: [CANCEL, fail] } },
        );
        const ends = { completed, cancelled, failed };
        const winners = Object.entries(ends).flatMap(([status, end]) => (wrote(end) ? [status] : []));
        assert.equal(winners.length, 1, `the task was ended as ${winners.join(' and ') || 'nothing'}`);
        const record = await mustRead(store, head.taskId, nowMs);
        assert.equal(record.head.status, winners[0], 'the task shows another end than was acknowledged');
        assert.deepEqual(record.head.openQuestions, [], 'a question is open after the end');
        const has = (kind: string) => record.entries.some((entry) => entry.kind === kind);
        assert.equal(has('result'), record.head.status === 'completed', 'result and status disagree');
        assert.equal(has('error'), record.head.status === 'failed', 'error and status disagree');
        assert.equal(has('answer'), wrote(answered), 'an answer was lost, or stored unacknowledged');
        assert.equal(record.head.version, wrote(answered) ? 3 : 2, 'the task was written after its end');
      });
    },
  ),

  contractCase(
    {
      id: 'race-expiry',
      promise: 3,
      title:
        '[DURA-04][INTG-09][TEST-04] lets a result that outlives the old expiry, or the sweep of an ahead clock, win: never both',
    },
    async ({ store, nowMs, contend }) => {
      await contend(async (race) => {
        const head = heldTask(nowMs);
        await stored(store, head, [QUESTION]);
        const lastMs = head.expiresAtMs - 1;
        const [[completed]] = await race(
          { racer: 'rules', input: { head, nowMs: lastMs, calls: [complete(head, HOUR_MS)] } },
          { racer: 'sweep', input: { nowMs: head.expiresAtMs, limit: 10 } },
        );
        const record = await readTask(store, head.taskId, lastMs);
        if (wrote(completed)) {
          assert.equal(record?.head.status, 'completed', 'a task whose result was acknowledged is swept away');
          assert.ok(
            record.entries.some(({ kind }) => kind === 'result'),
            'the result is swept away, its task is not',
          );
          await store.deleteExpired({ nowMs: record.head.expiresAtMs, limit: 10 });
        } else {
          assert.deepEqual(completed, { status: 'failed', code: 'TASK_NOT_FOUND' });
          assert.equal(record, undefined, 'a task whose result was refused is left');
        }
      });
    },
  ),

  contractCase(
    {
      id: 'expired-unchanged',
      promise: 2,
      title: '[DURA-04][INTG-09] refuses every rule from expiresAtMs on and changes nothing',
    },
    async ({ store, other, nowMs }) => {
      const head = heldTask(nowMs);
      await stored(store, head, [QUESTION]);
      for (const call of [complete(head, HOUR_MS), CANCEL, ANSWER]) {
        // The rule's own clock is behind, so that it is the store which refuses.
        const late = { ...head, expiresAtMs: head.expiresAtMs + HOUR_MS };
        const end = await outcome(applyRuleCall(other, head.expiresAtMs, late, call));
        assert.deepEqual(end, { status: 'failed', code: 'TASK_NOT_FOUND' }, `${call.rule} of an expired task`);
      }
      const record = await mustRead(store, head.taskId, head.expiresAtMs - 1);
      assert.equal(record.head.version, 1, 'an expired task was written');
      assert.equal(record.entries.length, 1, 'an expired task was given entries');
    },
  ),

  contractCase(
    {
      id: 'stale-run',
      promise: 3,
      title: '[DURA-03][TEST-04] lets a run that lost its task write nothing, however old the head it knows',
    },
    async ({ store, other, nowMs }) => {
      const head = heldTask(nowMs);
      const leaseEndMs = nowMs + MINUTE_MS;
      await stored(store, head, [QUESTION]);
      const taken = await other.claim(claimOf(leaseEndMs, { holder: 'process-2', taskIds: [head.taskId] }));
      assert.equal(taken.records[0]?.head.holder, 'process-2');

      const { taskId } = head;
      const stale = { taskId, attempt: 1, holder: 'process-1' };
      const checkpoint = { kind: 'checkpoint' as const, name: 'late', value: '1' };
      const lateCalls: RuleCall[] = [
        complete(head),
        { rule: 'effects', args: [stale, { put: [checkpoint] }] },
        { rule: 'fail', args: [stale, { code: -32603, message: 'late' }, 0] },
        { rule: 'park', args: [stale] },
        { rule: 'release', args: [stale] },
        { rule: 'effects', args: [{ taskId, attempt: 2, holder: 'process-1' }, { put: [checkpoint] }] },
        { rule: 'effects', args: [{ taskId, attempt: 1, holder: 'process-2' }, { put: [checkpoint] }] },
      ];
      for (const call of lateCalls) {
        const end = await outcome(applyRuleCall(store, leaseEndMs, head, call));
        assert.deepEqual(end, { status: 'failed', code: 'RUN_ENDED' }, `${call.rule} of a run that lost its task`);
      }
      const record = await mustRead(store, taskId, leaseEndMs);
      assert.equal(record.head.version, 2, 'a run that lost its task wrote');
      const own: RuleCall = {
        rule: 'complete',
        args: [
          { taskId, attempt: 2, holder: 'process-2' },
          { result: RESULT, keepResultMs: 0 },
        ],
      };
      const end = await applyRuleCall(store, leaseEndMs, record.head, own);
      assert.ok(isTerminalStatus(end.head.status), 'the run that holds the task may not end it');
    },
  ),

  contractCase(
    {
      id: 'race-takeover',
      promise: 5,
      title: '[DURA-03][DURA-04][TEST-04] lets a late result or the take-over of its task win: never both',
    },
    async ({ store, nowMs, contend }) => {
      await contend(async (race) => {
        const head = { ...heldTask(nowMs), status: 'working' as const, openQuestions: [] };
        await stored(store, head);
        const atMs = nowMs + MINUTE_MS;
        const claim = claimOf(atMs, { holder: 'process-2', taskIds: [head.taskId] });
        const [[completed], { records }] = await race(
          { racer: 'rules', input: { head, nowMs: atMs, calls: [complete(head)] } },
          { racer: 'claim', input: { claim } },
        );
        const record = await mustRead(store, head.taskId, atMs);
        assert.notEqual(wrote(completed), records.length === 1, 'both or neither of two runs have the task');
        if (wrote(completed)) assert.equal(record.head.status, 'completed');
        else assert.deepEqual([record.head.holder, record.head.attempt, record.entries], ['process-2', 2, []]);
        assert.equal(record.head.version, 2);
      });
    },
  ),

  contractCase(
    {
      id: 'race-wake',
      promise: 3,
      title: '[DURA-05][DURA-09][TEST-04] leaves no task asleep when its answer races its parking',
    },
    async ({ store, nowMs, contend }) => {
      await contend(async (race) => {
        const head = heldTask(nowMs);
        await stored(store, head, [QUESTION]);
        const lease = { taskId: head.taskId, attempt: 1, holder: 'process-1' };
        const park: RuleCall = { rule: 'park', args: [lease, { awaits: ['q'] }] };
        const [[parked], [answered]] = await race(
          { racer: 'rules', input: { head, nowMs, calls: [park] } },
          { racer: 'rules', input: { head, nowMs, calls: [ANSWER] } },
        );
        assert.ok(wrote(parked) && wrote(answered), 'parking or answer was refused');
        const due = await store.due({ handlers: ['tool'], queues: [''], limit: 1_000, nowMs });
        assert.ok(
          due.some(({ taskId }) => taskId === head.taskId),
          'an answered task is not due: nobody will wake it',
        );
        const record = await mustRead(store, head.taskId, nowMs);
        assert.ok(
          record.entries.some(({ kind }) => kind === 'answer'),
          'the answer is lost',
        );
      });
    },
  ),
];
