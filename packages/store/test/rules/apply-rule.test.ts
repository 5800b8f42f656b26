import type { InputRequest } from '@mcp-tasks/wire';
import { describe, expect, it } from 'vitest';
import {
  memoryStore,
  newWriteId,
  TASK_ENTRY_KINDS,
  TaskError,
  type TaskHead,
  type TaskStore,
} from '../../src/index.ts';
import { applyRule, type Rule, rules } from '../../src/rules.ts';
import { fakeClock } from '../fake-clock.ts';
import { aroundStore, failing } from '../faulty-store.ts';
import { newClaim, newTask, T0_MS } from '../heads.ts';

const lease = { taskId: 'task-1', attempt: 1, holder: 'here' };
const request: InputRequest = { method: 'elicitation/create', params: { message: 'Sure?' } };
const ask = rules.ask(lease, 'q', request, { maxOpenQuestions: 16 });
const yes = { action: 'accept' };
const noWait = {
  ...fakeClock(),
  after: (_delayMs: number, callback: () => void) => (queueMicrotask(callback), () => undefined),
};

async function storeWith(fields: Partial<TaskHead> = {}): Promise<TaskStore> {
  const store = memoryStore();
  await store.create(newTask(fields));
  return store;
}

async function present(store: TaskStore) {
  const [record] = await store.get({ taskIds: ['task-1'], kinds: TASK_ENTRY_KINDS, nowMs: T0_MS });
  return record;
}

describe('applyRule', () => {
  it('[STOR-06] reads the head when it is given an id, writes once, and answers the head before and after', async () => {
    const store = await storeWith();
    const outcome = await applyRule({ store, clock: noWait }, 'task-1', rules.cancel());
    expect(outcome).toMatchObject({
      wrote: true,
      value: 'cancelled',
      before: { version: 1 },
      head: { version: 2, status: 'cancelled' },
    });
    expect((await present(store))?.head).toEqual(outcome.head);
  });

  it('[STOR-06] applies the rule to the head that a lost race brings back', async () => {
    const store = await storeWith();
    const { records } = await store.claim(newClaim());
    const head = records[0]?.head ?? 'task-1';
    await applyRule({ store, clock: noWait }, 'task-1', rules.cancel());
    const late = applyRule(
      { store, clock: noWait },
      head,
      rules.complete(lease, { result: { content: [] }, keepResultMs: 0 }),
    );
    await expect(late).rejects.toMatchObject({ code: 'RUN_ENDED' });
    expect((await present(store))?.head.status).toBe('cancelled');
  });

  it('[DURA-04] [TEST-04] gives one terminal status under a race of many ends, and its outcome with it', async () => {
    for (let round = 0; round < 20; round += 1) {
      const store = await storeWith({ attempt: 1, holder: 'here' });
      const ends: readonly Rule<string>[] = [
        rules.complete(lease, { result: { content: [] }, keepResultMs: 0 }),
        rules.fail(lease, { code: 1, message: 'x' }, 0),
        rules.cancel(),
      ];
      const [record] = await store.get({ taskIds: ['task-1'], kinds: [], nowMs: T0_MS });
      const racers = Array.from({ length: 30 }, (_, place) => ends[(place + round) % 3] ?? rules.cancel());
      const outcomes = await Promise.allSettled(
        racers.map((rule) => applyRule({ store, clock: noWait }, record?.head ?? 'task-1', rule)),
      );
      const wrote = outcomes.filter((outcome) => outcome.status === 'fulfilled' && outcome.value.wrote);
      expect(wrote).toHaveLength(1);
      const end = await present(store);
      expect(end?.head.version).toBe(2);
      const kinds = { completed: ['call', 'result'], failed: ['call', 'error'], cancelled: ['call'] };
      expect(end?.entries.map((entry) => entry.kind)).toEqual(kinds[end?.head.status as keyof typeof kinds]);
    }
  });

  it('[HNDL-06] [TEST-04] loses none of 50 writers that all began with the same head', async () => {
    const store = await storeWith({ attempt: 1, holder: 'here' });
    const first = (await present(store))?.head ?? 'task-1';
    await Promise.all(
      Array.from({ length: 50 }, (_, number) =>
        applyRule(
          { store, clock: noWait },
          first,
          rules.effects(lease, { put: [{ kind: 'variable', name: `v${number}`, value: '1' }] }),
        ),
      ),
    );
    const record = await present(store);
    expect(record?.entries.filter((entry) => entry.kind === 'variable')).toHaveLength(50);
    expect(record?.head.version).toBe(51);
  });

  it('[STOR-06] gives up with a retryable STORE_CONFLICT when it loses every race', async () => {
    const store = await storeWith();
    let updates = 0;
    const contended = aroundStore(store, {
      async beforeUpdate(update) {
        updates += 1;
        await store.update({ ...update, writeId: newWriteId(), patch: { head: {} } });
      },
    });
    await expect(applyRule({ store: contended, clock: noWait }, 'task-1', rules.cancel())).rejects.toMatchObject({
      code: 'STORE_CONFLICT',
      retryable: true,
    });
    expect(updates).toBe(100);
  });

  it('[SEC-02] answers TASK_NOT_FOUND with one text for a missing task, an expired one, and one that expires or is swept meanwhile', async () => {
    const clock = fakeClock();
    const store = await storeWith({ ttlMs: 10 });
    const contended = aroundStore(store, {
      async beforeUpdate(update) {
        await store.update({ ...update, writeId: newWriteId(), patch: { head: {} } });
        clock.setMs(T0_MS + 10);
      },
    });
    const refusal = (through: TaskStore, taskId: string) =>
      applyRule({ store: through, clock }, taskId, rules.cancel()).catch((error: unknown) => error);
    const sweptStore = await storeWith({ ttlMs: 10 });
    // By a process whose clock is ahead, between the read and the write.
    const swept = aroundStore(sweptStore, {
      beforeUpdate: async () => {
        await sweptStore.deleteExpired({ nowMs: T0_MS + 10, limit: 1 });
      },
    });
    const refusals = [
      await refusal(store, 'missing'),
      await refusal(swept, 'task-1'),
      await refusal(contended, 'task-1'),
      await refusal(store, 'task-1'),
    ];
    for (const refusal of refusals)
      expect(refusal).toMatchObject({ code: 'TASK_NOT_FOUND', message: expect.stringContaining('taskId') as string });
    expect(new Set(refusals.map((refusal) => (refusal as Error).message)).size).toBe(1);
  });
});

describe('a write whose answer was lost', () => {
  const lostOnce = (store: TaskStore) => {
    const lose = failing((call) => call === 1);
    return { store: aroundStore(store, { afterUpdate: lose }), lose };
  };

  it.each<readonly [string, Rule<unknown>, Partial<TaskHead>, Partial<TaskHead>]>([
    [
      'complete',
      rules.complete(lease, { result: { content: [] }, keepResultMs: 0 }),
      { attempt: 1, holder: 'here' },
      { status: 'completed' },
    ],
    ['fail', rules.fail(lease, { code: 1, message: 'x' }, 0), { attempt: 1, holder: 'here' }, { status: 'failed' }],
    ['cancel', rules.cancel(), {}, { status: 'cancelled' }],
    ['ask', ask, { attempt: 1, holder: 'here' }, { status: 'input_required', openQuestions: ['q'] }],
    ['park', rules.park(lease), { attempt: 1, holder: 'here' }, { dueAtMs: null }],
    ['release', rules.release(lease), { attempt: 1, holder: 'here' }, { dueAtMs: T0_MS }],
  ])('[DURA-08] has one effect when it is sent again: %s', async (_, rule, fields, expected) => {
    const { store, lose } = lostOnce(await storeWith(fields));
    const outcome = await applyRule({ store, clock: noWait }, 'task-1', rule);
    expect(outcome).toMatchObject({ wrote: true, head: { version: 2, ...expected } });
    expect(lose.calls).toBe(2);
    expect((await present(store))?.head).toEqual(outcome.head);
  });

  it('[DURA-08] effects are put again and are the same', async () => {
    const { store } = lostOnce(await storeWith({ attempt: 1, holder: 'here' }));
    const put = [{ kind: 'checkpoint' as const, name: 'one', value: '1' }];
    expect(await applyRule({ store, clock: noWait }, 'task-1', rules.effects(lease, { put }))).toMatchObject({
      wrote: true,
    });
    expect((await present(store))?.entries.filter((entry) => entry.kind === 'checkpoint')).toEqual(put);
  });

  it('[DURA-08] an answer is stored once, and a later one does not replace it', async () => {
    const { store } = lostOnce(await storeWith({ status: 'input_required', openQuestions: ['q'], dueAtMs: null }));
    expect(await applyRule({ store, clock: noWait }, 'task-1', rules.answer({ q: yes }))).toMatchObject({
      wrote: true,
      head: { version: 2, dueAtMs: T0_MS },
    });
    await applyRule({ store, clock: noWait }, 'task-1', rules.answer({ q: { action: 'decline' } }));
    expect((await present(store))?.entries.filter((entry) => entry.kind === 'answer')).toEqual([
      { kind: 'answer', name: 'q', value: JSON.stringify(yes) },
    ]);
  });

  it('[DURA-08] a question that was answered before it is sent again is not opened a second time', async () => {
    const store = await storeWith({ attempt: 1, holder: 'here' });
    const lose = failing((call) => call === 1);
    const answered = aroundStore(store, {
      async afterUpdate() {
        if (lose.calls === 0) await applyRule({ store, clock: noWait }, 'task-1', rules.answer({ q: yes }));
        lose();
      },
    });
    const outcome = await applyRule({ store: answered, clock: noWait }, 'task-1', ask);
    expect(outcome).toMatchObject({
      wrote: true,
      value: 'asked',
      head: { status: 'working', openQuestions: [], version: 3 },
    });
  });

  it('[DURA-08] a question that lost a race without being stored is asked again', async () => {
    const store = await storeWith({ attempt: 1, holder: 'here', status: 'input_required', openQuestions: ['other'] });
    const head = (await present(store))?.head ?? 'task-1';
    await applyRule({ store, clock: noWait }, 'task-1', rules.answer({ other: yes }));
    expect(await applyRule({ store, clock: noWait }, head, ask)).toMatchObject({
      wrote: true,
      head: { openQuestions: ['q'], status: 'input_required' },
    });
  });

  it('[DURA-08] is sent again with its write id, and another head gets a write with another id', async () => {
    const store = await storeWith();
    const ids: string[] = [];
    const lose = failing((call) => call === 1);
    const contended = aroundStore(store, {
      async beforeUpdate(update) {
        ids.push(update.writeId);
        const other = { ...update, writeId: newWriteId(), patch: { head: {} } };
        if (ids.length === 2) await store.update(other);
        lose();
      },
    });
    await applyRule({ store: contended, clock: noWait }, 'task-1', rules.cancel());
    const [first, again, anew] = ids;
    expect(ids).toHaveLength(3);
    expect(again).toBe(first);
    expect(anew).not.toBe(first);
    expect((await present(store))?.head).toMatchObject({ version: 3, writeId: anew });
  });

  it('[DURA-08] is sent again for two seconds, each time later than the one before, then fails as the store does', async () => {
    const clock = fakeClock();
    const store = await storeWith();
    const fail = failing(() => true);
    const outcome = applyRule(
      { store: aroundStore(store, { beforeUpdate: fail }), clock },
      'task-1',
      rules.cancel(),
    ).catch((error: unknown) => error);
    const calls: number[] = [];
    for (const ms of [0, 19, 1, 99, 1, 499, 1, 999, 1]) {
      await clock.advance(ms);
      calls.push(fail.calls);
    }
    expect(calls).toEqual([1, 1, 2, 2, 3, 3, 4, 4, 5]);
    expect(await outcome).toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(clock.timers).toBe(0);
  });

  it('[DURA-08] is sent again for as long as the options say', async () => {
    const store = await storeWith();
    const fail = failing(() => true);
    const around = aroundStore(store, { beforeUpdate: fail });
    await expect(applyRule({ store: around, clock: noWait, forMs: 0 }, 'task-1', rules.cancel())).rejects.toMatchObject(
      {
        code: 'STORE_UNAVAILABLE',
      },
    );
    expect(fail.calls).toBe(1);
  });

  it('[DURA-08] a read is repeated too, and any other failure is handed on at once', async () => {
    const store = await storeWith();
    const fail = failing((call) => call === 1);
    expect(
      await applyRule({ store: aroundStore(store, { beforeGet: fail }), clock: noWait }, 'task-1', rules.cancel()),
    ).toMatchObject({
      wrote: true,
    });
    const forGood = new TaskError('STORE_UNAVAILABLE', 'The store is gone for good.');
    const gone = aroundStore(store, {
      beforeGet: () => {
        throw forGood;
      },
    });
    const clockWithoutTimers = { nowMs: () => T0_MS, after: () => expect.fail('nothing is to be waited for') };
    await expect(applyRule({ store: gone, clock: clockWithoutTimers }, 'task-1', rules.cancel())).rejects.toBe(forGood);
    await store.close();
    const closed = failing(() => false);
    await expect(
      applyRule({ store: aroundStore(store, { beforeGet: closed }), clock: noWait }, 'task-1', rules.cancel()),
    ).rejects.toMatchObject({ code: 'STORE_CLOSED' });
    expect(closed.calls).toBe(1);
  });
});

describe('a rule with a bound on stored bytes', () => {
  const running = { attempt: 1, holder: 'here' };
  const put = [{ kind: 'variable' as const, name: 'v', value: '1234' }];

  it('[SEC-04] is refused with TASK_QUOTA_EXCEEDED and writes nothing when its owner would have more', async () => {
    const store = await storeWith(running);
    const before = await present(store);
    const bytes = (before?.head.entryBytes ?? 0) + 5;
    const refused = applyRule(
      { store, clock: noWait, maxStoredBytes: bytes - 1 },
      'task-1',
      rules.effects(lease, { put }),
    );
    await expect(refused).rejects.toMatchObject({
      code: 'TASK_QUOTA_EXCEEDED',
      details: { taskId: 'task-1', limit: 'maxStoredBytes', maxStoredBytes: bytes - 1 },
    });
    expect(await present(store)).toEqual(before);
    const allowed = applyRule({ store, clock: noWait, maxStoredBytes: bytes }, 'task-1', rules.effects(lease, { put }));
    expect(await allowed).toMatchObject({ wrote: true, head: { entryBytes: bytes } });
  });

  it.each<readonly [string, Rule<unknown>]>([
    ['a result', rules.complete(lease, { result: { content: [] }, keepResultMs: 0 })],
    ['an error', rules.fail(lease, { code: 1, message: 'x' }, 0)],
  ])('[SEC-04] stores the end of a task beyond it: %s', async (_, rule) => {
    const store = await storeWith(running);
    expect(await applyRule({ store, clock: noWait, maxStoredBytes: 0 }, 'task-1', rule)).toMatchObject({ wrote: true });
  });
});
