import assert from 'node:assert/strict';
import type { CreateTask, CreateTaskOutcome } from '@mcp-tasks/store';
import type { RaceAnswer } from '../sides/racers.ts';
import { creation, limitsOf, newTask } from '../sides/records.ts';
import { contractCase, type Race } from './case-kit.ts';

const ONE_SIDE = 6;

/** Create tasks from both sides at once, half of them each. */
async function createTogether(race: Race, tasks: readonly CreateTask[]): Promise<CreateTaskOutcome[]> {
  const [left, right] = await race(
    { racer: 'creates', input: { tasks: tasks.slice(0, ONE_SIDE) } },
    { racer: 'creates', input: { tasks: tasks.slice(ONE_SIDE) } },
  );
  return [...left, ...right].map(answered);
}

function answered<Value>(outcome: RaceAnswer<Value>): Value {
  assert.equal(outcome.status, 'answered', 'a call failed under contention');
  return (outcome as { answer: Value }).answer;
}

const BOTH_SIDES = Array.from({ length: 2 * ONE_SIDE });

/** Promise 1 when creates race. */
export const createRaceCases = [
  contractCase(
    {
      id: 'race-quota',
      promise: 1,
      title: '[SEC-04][STOR-05][TEST-04] fills a quota exactly under parallel creates: never above, never short',
    },
    async ({ store, nowMs, contend }) => {
      let round = 0;
      await contend(async (race) => {
        round += 1;
        const owner = `owner ${round}`;
        const limit = round % 2 === 0 ? 'maxActiveTasks' : 'maxStoredTasks';
        const limits = { ...limitsOf(100, 100), [limit]: 5 };
        const tasks = BOTH_SIDES.map(() => creation(newTask(nowMs, { owner }), { limits }));
        const outcomes = await createTogether(race, tasks);
        const created = outcomes.filter(({ status }) => status === 'created').length;
        assert.equal(created, 5, `${created} of ${tasks.length} parallel creates passed a quota of 5`);
        for (const outcome of outcomes) {
          if (outcome.status !== 'created')
            assert.deepEqual(outcome, { status: 'over-quota', limit, retryable: false });
        }
        const page = await store.list({ owner, limit: 100, nowMs });
        assert.equal(page.heads.length, 5, 'another number of tasks is stored than was acknowledged');
      });
    },
  ),

  contractCase(
    {
      id: 'race-key',
      promise: 1,
      title: '[STOR-05][TEST-04] makes one task of parallel creates under one idempotency key',
    },
    async ({ store, nowMs, contend }) => {
      let round = 0;
      await contend(async (race) => {
        round += 1;
        const owner = `owner ${round}`;
        const tasks = BOTH_SIDES.map(() => creation(newTask(nowMs, { owner }), { idempotencyKey: 'key' }));
        await assertOneTask(await createTogether(race, tasks));
        const page = await store.list({ owner, limit: 100, nowMs });
        assert.equal(page.heads.length, 1, 'parallel creates under one key stored several tasks');
      });
    },
  ),

  contractCase(
    { id: 'race-id', promise: 1, title: '[STOR-05][DURA-08][TEST-04] makes one task of parallel creates of one id' },
    async ({ store, nowMs, contend }) => {
      await contend(async (race) => {
        const head = newTask(nowMs);
        const tasks = BOTH_SIDES.map((_, index) =>
          creation(head, { entries: [{ kind: 'call', name: String(index), value: '1' }] }),
        );
        await assertOneTask(await createTogether(race, tasks));
        const [record] = await store.get({ taskIds: [head.taskId], kinds: ['call'], nowMs });
        assert.equal(record?.entries.length, 1, 'parallel creates of one id mixed their entries');
      });
    },
  ),
];

async function assertOneTask(outcomes: readonly CreateTaskOutcome[]): Promise<void> {
  const created = outcomes.filter((outcome) => outcome.status === 'created');
  assert.equal(created.length, 1, `${created.length} parallel creates of one task answered created`);
  for (const outcome of outcomes) {
    assert.notEqual(outcome.status, 'over-quota');
    if (outcome.status !== 'over-quota') assert.equal(outcome.head.taskId, created[0]?.head.taskId);
  }
}
