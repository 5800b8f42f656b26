import { describe, expect, it, onTestFinished } from 'vitest';
import { memoryStore, newWriteId, type TaskHead, type TaskHint, type TaskStore } from '../../src/index.ts';
import { type TaskWaiter, WaiterHub } from '../../src/rules.ts';
import { type CountingStore, countingStore } from '../counting-store.ts';
import { type FakeClock, fakeClock, settled } from '../fake-clock.ts';
import { unavailable } from '../faulty-store.ts';
import { HOUR_MS, newTask, T0_MS } from '../heads.ts';

interface Setting {
  readonly store: CountingStore;
  readonly clock: FakeClock;
  readonly hub: WaiterHub;
  /** Write the task once, as another process would: the watch says nothing. */
  readonly write: (taskId: string, patch?: Partial<Pick<TaskHead, 'status' | 'expiresAtMs'>>) => Promise<TaskHint>;
  readonly hint: (hint: TaskHint) => void;
}

async function setting(taskIds: readonly string[], isWatchable = true): Promise<Setting> {
  const inner: TaskStore = memoryStore();
  const clock = fakeClock();
  for (const taskId of taskIds) await inner.create(newTask({ taskId }));
  const store = countingStore(inner, isWatchable);
  const hub = new WaiterHub({ store, clock });
  onTestFinished(() => hub.close());
  return {
    store,
    clock,
    hub,
    async write(taskId, patch = {}) {
      const nowMs = clock.nowMs();
      const [record] = await inner.get({ taskIds: [taskId], kinds: [], nowMs });
      if (record === undefined) throw new RangeError(`no task ${taskId}`);
      const write = { taskId, expected: record.head, writeId: newWriteId(), patch: { head: patch }, nowMs };
      const outcome = await inner.update(write);
      if (outcome.status !== 'updated') throw new RangeError(outcome.status);
      return outcome.head;
    },
    hint({ taskId, version, status }) {
      for (const listener of store.listeners) listener({ taskId, version, status });
    },
  };
}

/** A waiter that notes what it was told. */
function waiterFor(taskId: string, seenVersion = 0) {
  const told: (number | 'gone')[] = [];
  const failures: unknown[] = [];
  const waiter = {
    taskId,
    seen: seenVersion,
    seenVersion: () => waiter.seen,
    notify: (head: TaskHead | undefined) => void told.push(head?.version ?? 'gone'),
    failed: (error: unknown) => void failures.push(error),
    told,
    failures,
  };
  return waiter satisfies TaskWaiter;
}

describe('a waiter', () => {
  it('[INTG-06] is told of the present version by the read that follows its registration', async () => {
    const { store, hub } = await setting(['a']);
    const waiter = waiterFor('a');
    hub.add(waiter);
    await settled();
    expect(waiter.told).toEqual([1]);
    expect(store.reads).toEqual([['a']]);
    expect(store.readsHeadsOnly).toBe(true);
  });

  it('[INTG-06] hears of a change that was written between what it saw and its registration, without a hint', async () => {
    const { hub, write } = await setting(['a']);
    await write('a');
    const [old, present] = [waiterFor('a', 1), waiterFor('a', 2)];
    hub.add(old);
    hub.add(present);
    await settled();
    expect(old.told).toEqual([2]);
    expect(present.told).toEqual([]);
  });

  it('[INTG-06] hears of a change at once when a hint comes, and once however often it comes', async () => {
    const { store, hub, write, hint } = await setting(['a', 'b']);
    const waiter = waiterFor('a');
    hub.add(waiter);
    hub.add(waiterFor('b'));
    await settled();
    const second = await write('a');
    hint(second);
    hint(second);
    await settled();
    hint(second);
    hint({ ...second, version: 1 });
    await settled();
    expect(waiter.told).toEqual([1, 2]);
    expect(store.reads).toEqual([['a', 'b'], ['a']]);
  });

  it('[INTG-06] hears at once of a write of its own process, also when the store has no watch', async () => {
    const { store, hub, write } = await setting(['a'], false);
    const waiter = waiterFor('a');
    hub.add(waiter);
    await settled();
    hub.hint(await write('a'));
    hub.hint({ taskId: 'nobody waits for it', version: 9 });
    await settled();
    expect(waiter.told).toEqual([1, 2]);
    expect(store.reads).toEqual([['a'], ['a']]);
  });

  it('[INTG-06] costs no read for hints of its own writes, of versions it has seen, and of tasks that nobody awaits', async () => {
    const { store, hub, write, hint } = await setting(['a', 'other']);
    const waiter = waiterFor('a');
    hub.add(waiter);
    await settled();
    const own = await write('a');
    // The hint may come before the writer's answer; by the end of this turn the writer knows.
    hint(own);
    waiter.seen = own.version;
    hint(await write('other'));
    await settled();
    expect(store.reads).toHaveLength(1);
    expect(waiter.told).toEqual([1]);
  });

  it('[DURA-05] hears of a change without any hint with the next tick: after 1 s without a watch, 15 s with one', async () => {
    for (const [isWatchable, tickMs] of [
      [false, 1_000],
      [true, 15_000],
    ] as const) {
      const { store, clock, hub, write } = await setting(['a', 'b'], isWatchable);
      const waiter = waiterFor('a');
      hub.add(waiter);
      hub.add(waiterFor('b'));
      await settled();
      await write('a');
      await clock.advance(tickMs - 1);
      expect(waiter.told).toEqual([1]);
      await clock.advance(1);
      expect(waiter.told).toEqual([1, 2]);
      expect(store.reads).toEqual([
        ['a', 'b'],
        ['a', 'b'],
      ]);
    }
  });

  it('[DURA-05] gets its tick although hints of other tasks never stop', async () => {
    const { clock, hub, write, hint } = await setting(['busy', 'quiet']);
    const quiet = waiterFor('quiet');
    hub.add(waiterFor('busy'));
    hub.add(quiet);
    await settled();
    await write('quiet');
    for (let second = 0; second < 15; second += 1) {
      hint(await write('busy'));
      await clock.advance(1_000);
    }
    expect(quiet.told).toEqual([1, 2]);
  });

  it('[DURA-05] hears of a change that was written before the watch was live, as soon as it is', async () => {
    const { store, hub, write } = await setting(['a']);
    let goOn: () => void = () => undefined;
    store.watchGate = new Promise((resolve) => (goOn = resolve));
    const waiter = waiterFor('a');
    hub.add(waiter);
    await settled();
    await write('a');
    goOn();
    await settled();
    expect(waiter.told).toEqual([1, 2]);
  });

  it('[INTG-09] is told that its task is gone at expiresAtMs, once, and waits no longer', async () => {
    const { clock, hub } = await setting(['a']);
    const waiter = waiterFor('a');
    hub.add(waiter);
    await clock.advance(HOUR_MS - 1);
    expect(waiter.told).toEqual([1]);
    await clock.advance(1);
    expect(waiter.told).toEqual([1, 'gone']);
    expect(hub.size).toBe(0);
    expect(clock.timers).toBe(0);
  });

  it('[INTG-09] wakes at the earliest expiry between two ticks, also when that moved', async () => {
    const { store, clock, hub, write } = await setting(['a']);
    await write('a', { expiresAtMs: T0_MS + 5_500 });
    const waiter = waiterFor('a');
    hub.add(waiter);
    await settled();
    await write('a', { expiresAtMs: T0_MS + 8_000 });
    await clock.advance(5_500);
    expect(waiter.told).toEqual([2, 3]);
    await clock.advance(2_500);
    expect(waiter.told).toEqual([2, 3, 'gone']);
    expect(store.reads).toHaveLength(3);
  });

  it('[INTG-06] that ends its wait is told nothing more, and leaves no timer behind', async () => {
    const { clock, hub } = await setting(['a']);
    const [leaving, staying] = [waiterFor('a'), waiterFor('a')];
    const leave = hub.add(leaving);
    const leaveToo = hub.add(staying);
    leave();
    leave();
    await settled();
    expect([leaving.told, staying.told]).toEqual([[], [1]]);
    expect(hub.size).toBe(1);
    leaveToo();
    expect(hub.size).toBe(0);
    expect(clock.timers).toBe(0);
  });

  it('[INTG-06] may end its wait, and that of others, while it is told', async () => {
    const { hub } = await setting(['a']);
    const told: string[] = [];
    const leaves: (() => void)[] = [];
    for (const name of ['one', 'two']) {
      leaves.push(
        hub.add({
          taskId: 'a',
          seenVersion: () => 0,
          notify() {
            told.push(name);
            for (const leave of leaves) leave();
          },
        }),
      );
    }
    await settled();
    expect(told).toEqual(['one']);
    expect(hub.size).toBe(0);
  });
});

describe('the cost of waiting', () => {
  it('[INTG-06] is one watch, one timer and one read per tick for 10,000 waiters of 100 tasks', async () => {
    const taskIds = Array.from({ length: 100 }, (_, number) => `task-${number}`);
    const { store, clock, hub } = await setting(taskIds);
    for (let number = 0; number < 10_000; number += 1) hub.add(waiterFor(`task-${number % 100}`));
    await clock.advance(45_000);
    expect(hub.size).toBe(10_000);
    expect(store.watches).toBe(1);
    expect(clock.timers).toBe(1);
    expect(store.reads.map((ids) => ids.length)).toEqual([100, 100, 100, 100]);
  });

  it('[INTG-06] is one read for all hints of one turn, and for all that come while a read is under way', async () => {
    const taskIds = ['a', 'b', 'c'];
    const { store, hub, write, hint } = await setting(taskIds);
    for (const taskId of taskIds) hub.add(waiterFor(taskId));
    await settled();
    for (const taskId of ['b', 'a']) hint(await write(taskId));
    await settled();
    expect(store.reads.slice(1)).toEqual([['a', 'b']]);

    const written = [await write('a'), await write('b'), await write('c')];
    let goOn: () => void = () => undefined;
    store.readGate = new Promise((resolve) => (goOn = resolve));
    for (const second of written) {
      hint(second);
      await settled();
    }
    hub.add(waiterFor('a'));
    await settled();
    expect(store.reads.slice(2)).toEqual([['a']]);
    goOn();
    await settled();
    expect(store.reads.slice(2)).toEqual([['a'], ['a', 'b', 'c']]);
  });

  it('[INTG-06] is one more read when ticks come while a slow read is under way', async () => {
    const { store, clock, hub, write, hint } = await setting(['a', 'b']);
    hub.add(waiterFor('a'));
    hub.add(waiterFor('b'));
    await settled();
    let goOn: () => void = () => undefined;
    store.readGate = new Promise((resolve) => (goOn = resolve));
    hint(await write('a'));
    await clock.advance(60_000);
    goOn();
    await clock.advance(10);
    expect(store.reads).toEqual([['a', 'b'], ['a'], ['a', 'b']]);
  });

  it('[INTG-06] is no read and no timer without a waiter', async () => {
    const { store, clock, hub, write, hint } = await setting(['a']);
    hub.add(waiterFor('a'))();
    hint(await write('a'));
    await clock.advance(HOUR_MS);
    expect(store.reads).toEqual([]);
    expect(clock.timers).toBe(0);
  });
});

describe('a store that fails', () => {
  it('[INTG-06] delays its waiters by a second, tells them, and is read again', async () => {
    const { store, clock, hub, write, hint } = await setting(['a']);
    const waiter = waiterFor('a');
    hub.add(waiter);
    await settled();
    store.readError = unavailable();
    hint(await write('a'));
    await settled();
    expect(waiter.failures).toEqual([store.readError]);
    store.readError = undefined;
    await clock.advance(999);
    expect(waiter.told).toEqual([1]);
    await clock.advance(1);
    expect(waiter.told).toEqual([1, 2]);
  });

  it('[INTG-06] in its watch is read every second until the watch is live, and once more then', async () => {
    const { store, clock, hub } = await setting(['a']);
    store.watchError = unavailable();
    const waiter = waiterFor('a');
    hub.add(waiter);
    await clock.advance(2_000);
    expect(waiter.failures).not.toHaveLength(0);
    expect(store.reads).toHaveLength(3);
    expect(store.watches).toBe(3);
    store.watchError = undefined;
    await clock.advance(1_000);
    expect(store.listeners.size).toBe(1);
    const readsWhenLive = store.reads.length;
    await clock.advance(15_000);
    expect(store.reads.length - readsWhenLive).toBe(1);
  });
});

describe('closing the hub', () => {
  it('[INTG-06] ends watch and timer, fails every waiter with STORE_CLOSED, and takes no more', async () => {
    const { store, clock, hub } = await setting(['a']);
    const waiter = waiterFor('a');
    hub.add(waiter);
    await settled();
    await hub.close();
    await hub.close();
    expect(waiter.failures).toEqual([expect.objectContaining({ code: 'STORE_CLOSED' })]);
    expect(store.listeners.size).toBe(0);
    expect(clock.timers).toBe(0);
    expect(hub.size).toBe(0);
    expect(() => hub.add(waiter)).toThrow(expect.objectContaining({ code: 'STORE_CLOSED' }));
  });

  it('[INTG-06] waits for the read that is under way, so that the store can be closed after it', async () => {
    const { store, hub } = await setting(['a']);
    hub.add(waiterFor('a'));
    let goOn: () => void = () => undefined;
    store.readGate = new Promise((resolve) => (goOn = resolve));
    await settled();
    expect(store.reads).toHaveLength(1);
    let isClosed = false;
    const closing = hub.close().then(() => (isClosed = true));
    await settled();
    expect(isClosed).toBe(false);
    goOn();
    await closing;
  });

  it('[INTG-06] ends a watch that becomes live only then', async () => {
    const { store, hub } = await setting(['a']);
    let goOn: () => void = () => undefined;
    store.watchGate = new Promise((resolve) => (goOn = resolve));
    hub.add(waiterFor('a'));
    const closing = hub.close();
    goOn();
    await closing;
    expect(store.watches).toBe(1);
    expect(store.listeners.size).toBe(0);
  });
});
