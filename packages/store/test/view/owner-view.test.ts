import { getEventListeners } from 'node:events';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { memoryStore, TaskError, type TaskHead, type TaskStore } from '../../src/index.ts';
import {
  applyRule,
  type OwnerView,
  ownerView,
  type Rule,
  type RuleOutcome,
  rules,
  WaiterHub,
} from '../../src/rules.ts';
import { type CountingStore, countingStore } from '../counting-store.ts';
import { type FakeClock, fakeClock, settled } from '../fake-clock.ts';
import { aroundStore, failing, unavailable } from '../faulty-store.ts';
import { HOUR_MS, newTask, T0_MS, WIDE_LIMITS } from '../heads.ts';

interface Setting {
  readonly store: TaskStore;
  readonly clock: FakeClock;
  readonly hub: WaiterHub;
  readonly of: (owner: string) => OwnerView;
  /** Change a task of an owner as the layers above do: through the view, then by a rule. */
  readonly apply: <Value>(owner: string, taskId: string, rule: Rule<Value>) => Promise<RuleOutcome<Value>>;
}

function setting(store: TaskStore = memoryStore()): Setting {
  const clock = fakeClock();
  const hub = new WaiterHub({ store, clock });
  onTestFinished(() => hub.close());
  const of = (owner: string) => ownerView({ store, clock, hub }, owner);
  return {
    store,
    clock,
    hub,
    of,
    apply: async (owner, taskId, rule) => applyRule({ store, clock }, (await of(owner).get(taskId)).head, rule),
  };
}

const refusal = (call: Promise<unknown>) => call.catch((error: unknown) => error);
const signal = new AbortController().signal;

/** What an owner is told who tries everything on one task. */
async function everything(view: OwnerView, taskId: string): Promise<unknown[]> {
  const tries = await Promise.all([refusal(view.get(taskId)), refusal(view.waitFor(taskId, () => true, { signal }))]);
  const watched = await new Promise((resolve) => view.watch(taskId, resolve));
  return [...tries.map((error) => [(error as { code?: string }).code, (error as Error).message]), watched];
}

describe('an id that is longer than any', () => {
  it('looks like that of a missing task to every operation, and is never looked up', async () => {
    const store = countingStore(memoryStore());
    const { of } = setting(store);
    const alice = of('alice');
    const missing = await everything(alice, 'x'.repeat(128));
    store.reads.length = 0;
    expect(await everything(alice, 'x'.repeat(129))).toEqual(missing);
    expect(await everything(alice, 'x'.repeat(3 * 1024 * 1024))).toEqual(missing);
    expect(store.reads).toEqual([]);
  });

  it('is not told to a listener that stopped before', async () => {
    const seen: unknown[] = [];
    const stop = setting()
      .of('alice')
      .watch('x'.repeat(129), (head) => seen.push(head));
    stop();
    await settled();
    expect(seen).toEqual([]);
  });
});

describe('a foreign task', () => {
  it('[SEC-02] [TEST-06] looks like a missing one and like an expired one to every operation', async () => {
    const { store, clock, of } = setting();
    await store.create(newTask({ taskId: 'of-alice', owner: 'alice', status: 'input_required', openQuestions: ['q'] }));
    await store.create(newTask({ taskId: 'expired', owner: 'bob', ttlMs: 10 }));
    clock.setMs(T0_MS + 10);
    const bob = of('bob');
    const foreign = await everything(bob, 'of-alice');
    expect(foreign[0]).toEqual(['TASK_NOT_FOUND', expect.stringContaining('taskId')]);
    expect(foreign).toEqual(await everything(bob, 'missing'));
    expect(foreign).toEqual(await everything(bob, 'expired'));
    expect((await bob.list()).heads).toEqual([]);
    expect((await of('alice').get('of-alice')).head).toMatchObject({ version: 1, status: 'input_required' });
  });

  it('[SEC-02] [SEC-03] [TEST-07] stays hidden for arbitrary owner strings, however alike', async () => {
    const parts = fc.constantFrom(
      '',
      'a',
      'b',
      ':',
      '/',
      '\0',
      '"',
      '\\',
      ',',
      '%',
      '_',
      ' ',
      'é',
      'e\u0301',
      '😀',
      '__proto__',
    );
    const owners = fc.uniqueArray(
      fc
        .array(parts, { minLength: 1, maxLength: 5 })
        .map((text) => text.join(''))
        .filter(Boolean),
      { minLength: 2, maxLength: 6 },
    );
    await fc.assert(
      fc.asyncProperty(owners, async (names) => {
        const { store, of } = setting();
        for (const [number, owner] of names.entries()) {
          await store.create(
            newTask(
              { taskId: `task-${number}`, owner },
              { idempotencyKey: 'same', limits: { ...WIDE_LIMITS, maxActiveTasks: 1, maxStoredTasks: 1 } },
            ),
          );
        }
        for (const [number, owner] of names.entries()) {
          const { heads } = await of(owner).list();
          expect(heads.map((head) => head.taskId)).toEqual([`task-${number}`]);
          for (const other of names.keys()) {
            const found = await of(owner)
              .get(`task-${other}`)
              .then(
                () => true,
                () => false,
              );
            expect(found).toBe(other === number);
          }
        }
      }),
      { numRuns: 50 },
    );
  });
});

describe('listing', () => {
  it('[INTG-07] shows every task once, newest first, 50 on a page by default', async () => {
    const { store, of } = setting();
    const ids = Array.from({ length: 120 }, (_, number) => `task-${String(number).padStart(3, '0')}`);
    for (const [number, taskId] of ids.entries())
      await store.create(newTask({ taskId, createdAtMs: T0_MS - 1_000 + Math.floor(number / 7) }));
    const pages: TaskHead[][] = [];
    for (let cursor: string | undefined; ;) {
      const page = await of('alice').list({ cursor });
      pages.push([...page.heads]);
      cursor = page.nextCursor;
      if (cursor === undefined) break;
    }
    expect(pages.map((page) => page.length)).toEqual([50, 50, 20]);
    expect(pages.flat().map((head) => head.taskId)).toEqual(ids.toReversed());
  });

  it('[SEC-03] refuses the cursor of another owner, and a page size that is none', async () => {
    const { store, of } = setting();
    for (const taskId of ['a', 'b']) await store.create(newTask({ taskId }));
    const { nextCursor } = await of('alice').list({ limit: 1 });
    expect(nextCursor).toBeDefined();
    expect((await of('alice').list({ cursor: nextCursor })).heads.map((head) => head.taskId)).toEqual(['a']);
    await expect(of('bob').list({ cursor: nextCursor })).rejects.toMatchObject({ code: 'INVALID_CURSOR' });
    for (const limit of [0, -1, 1.5, NaN]) await expect(of('alice').list({ limit })).rejects.toThrow(RangeError);
  });
});

describe('changing a task through its owner', () => {
  it('[DURA-05] cancels once; later the task is over already', async () => {
    const { store, apply } = setting();
    await store.create(newTask());
    expect(await apply('alice', 'task-1', rules.cancel())).toMatchObject({
      wrote: true,
      head: { status: 'cancelled' },
      before: { status: 'working' },
    });
    await expect(apply('alice', 'task-1', rules.cancel())).rejects.toMatchObject({
      code: 'TASK_ALREADY_TERMINAL',
      details: { status: 'cancelled' },
    });
  });

  it('[DURA-05] [DURA-09] answers a parked task and says that it wakes', async () => {
    const { store, of, apply } = setting();
    await store.create(newTask({ status: 'input_required', openQuestions: ['q'], dueAtMs: null, attempt: 1 }));
    const outcome = await apply('alice', 'task-1', rules.answer({ q: { action: 'accept' }, other: {} }));
    expect(outcome).toMatchObject({
      wrote: true,
      value: { keys: ['q'], wakes: true },
      head: { status: 'working', dueAtMs: T0_MS },
    });
    const { entries } = await of('alice').get('task-1', ['answer']);
    expect(entries).toEqual([{ kind: 'answer', name: 'q', value: '{"action":"accept"}' }]);
  });
});

describe('waitFor', () => {
  it('goes on after a first read that the store could not do for now, as after a later one', async () => {
    const hook = failing((call) => call <= 2);
    const store = memoryStore();
    await store.create(newTask({ taskId: 'task-1', owner: 'alice' }));
    await store.create(newTask({ taskId: 'of-bob', owner: 'bob' }));
    const { clock, of } = setting(aroundStore(store, { beforeGet: hook }));
    const first = of('alice').waitFor('task-1', (head) => head.version === 1, { signal });
    const foreign = refusal(of('alice').waitFor('of-bob', () => true, { signal }));
    await settled();
    clock.setMs(T0_MS + 1_000);
    expect(await first).toMatchObject({ taskId: 'task-1', version: 1 });
    expect(await foreign).toMatchObject({ code: 'TASK_NOT_FOUND' });
  });

  it('rejects when its first read fails for good', async () => {
    const broken = new TaskError('STORE_CORRUPT_RECORD', 'The record cannot be read.');
    const store = aroundStore(memoryStore(), {
      beforeGet: () => {
        throw broken;
      },
    });
    expect(
      await refusal(
        setting(store)
          .of('alice')
          .waitFor('task-1', () => true, { signal }),
      ),
    ).toBe(broken);
  });

  const isOver = (head: TaskHead) => head.status === 'cancelled';

  it('[INTG-06] answers at once what holds already, and asks nobody to wait', async () => {
    const { store, hub, of } = setting();
    await store.create(newTask());
    expect(await of('alice').waitFor('task-1', (head) => head.version === 1, { signal })).toMatchObject({ version: 1 });
    expect(hub.size).toBe(0);
  });

  it('[INTG-06] wakes at the change, without time going by', async () => {
    const { store, hub, of, apply } = setting();
    await store.create(newTask());
    const end = of('alice').waitFor('task-1', isOver, { signal });
    await settled();
    expect(hub.size).toBe(1);
    await apply('alice', 'task-1', rules.cancel());
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    expect(await end).toMatchObject({ status: 'cancelled', version: 2 });
    expect(hub.size).toBe(0);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  it('[INTG-06] misses no change made right after its first look', async () => {
    const store: CountingStore = countingStore(memoryStore(), false);
    const { of, apply } = setting(store);
    await store.create(newTask());
    // The first read is answered, the second one belongs to the hub.
    const end = of('alice').waitFor('task-1', isOver, { signal });
    await apply('alice', 'task-1', rules.cancel());
    expect(await end).toMatchObject({ status: 'cancelled' });
  });

  it('[INTG-06] ends with the reason of its signal, before and while it waits', async () => {
    const { store, hub, of } = setting();
    await store.create(newTask());
    const leaving = new AbortController();
    const end = refusal(of('alice').waitFor('task-1', isOver, { signal: leaving.signal }));
    await settled();
    leaving.abort('client left');
    expect(await end).toBe('client left');
    expect(hub.size).toBe(0);
    expect(await refusal(of('alice').waitFor('task-1', isOver, { signal: leaving.signal }))).toBe('client left');
  });

  it('[INTG-09] ends with TASK_NOT_FOUND when the task expires meanwhile', async () => {
    const { store, clock, hub, of } = setting();
    await store.create(newTask());
    const end = refusal(of('alice').waitFor('task-1', isOver, { signal }));
    await clock.advance(HOUR_MS);
    expect(await end).toMatchObject({ code: 'TASK_NOT_FOUND' });
    expect(hub.size).toBe(0);
    expect(clock.timers).toBe(0);
  });

  it('[INTG-06] outlasts a store that fails for a while, and ends with STORE_CLOSED when the hub closes', async () => {
    const store = countingStore(memoryStore());
    const { clock, hub, of } = setting(store);
    await store.create(newTask());
    const ends = refusal(of('alice').waitFor('task-1', isOver, { signal }));
    await settled();
    store.readError = unavailable();
    await clock.advance(30_000);
    expect(hub.size).toBe(1);
    await hub.close();
    expect(await ends).toMatchObject({ code: 'STORE_CLOSED' });
  });

  it('[INTG-06] fails at once when the store is closed or broken, and when its question throws', async () => {
    const store = countingStore(memoryStore());
    const { hub, of, apply } = setting(store);
    await store.create(newTask());
    store.readError = new TaskError('STORE_CLOSED', 'The store is closed.');
    expect(await refusal(of('alice').waitFor('task-1', isOver, { signal }))).toBe(store.readError);
    store.readError = undefined;
    const fault = new RangeError('a fault of the caller');
    const question = (head: TaskHead) => {
      if (head.version > 1) throw fault;
      return false;
    };
    const end = refusal(of('alice').waitFor('task-1', question, { signal }));
    await settled();
    const { version } = (await apply('alice', 'task-1', rules.cancel())).head;
    for (const listener of store.listeners) listener({ taskId: 'task-1', version, status: 'cancelled' });
    expect(await end).toBe(fault);
    expect(hub.size).toBe(0);
  });
});

describe('watch', () => {
  it('[TYPE-07] tells the head at once, each change, and that the task is gone, until it is stopped', async () => {
    const { store, clock, hub, of, apply } = setting();
    await store.create(newTask());
    const told: (string | undefined)[] = [];
    const stopped: (string | undefined)[] = [];
    of('alice').watch('task-1', (head) => told.push(head?.status));
    const stop = of('alice').watch('task-1', (head) => stopped.push(head?.status));
    await settled();
    stop();
    stop();
    await apply('alice', 'task-1', rules.cancel());
    await settled();
    await clock.advance(HOUR_MS);
    expect(told).toEqual(['working', 'cancelled', undefined]);
    expect(stopped).toEqual(['working']);
    expect(hub.size).toBe(0);
  });

  it('[SEC-02] tells a foreign owner that the task is gone, once, and never shows a head', async () => {
    const { store, hub, of, apply } = setting();
    await store.create(newTask({ owner: 'alice' }));
    const told: unknown[] = [];
    of('bob').watch('task-1', (head) => told.push(head));
    await settled();
    await apply('alice', 'task-1', rules.cancel());
    await settled();
    expect(told).toEqual([undefined]);
    expect(hub.size).toBe(0);
  });
});
