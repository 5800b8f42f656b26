import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { applyRule, newTaskId, ownerView, rules, WaiterHub, type TaskHead } from '../../src/index.ts';
import { MemoryTaskStore } from '../../src/memory/memory-task-store.ts';
import { newTask, T0_MS } from '../heads.ts';
import { manualClock, settled, type ManualClock } from '../manual-clock.ts';

const MiB = 1024 * 1024;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

async function heapUsedBytes(): Promise<number> {
  await settled();
  collectGarbage();
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

/** One task from its creation to its result, with a key of its own, and in one of ten cases somebody who waits for it. */
async function live(store: MemoryTaskStore, clock: ManualClock, hub: WaiterHub, number: number): Promise<void> {
  const taskId = newTaskId();
  const owner = `owner-${number % 977}`;
  const fields = { taskId, owner, handler: `tool-${number % 13}`, createdAtMs: clock.nowMs(), ttlMs: 60_000 };
  await store.create(newTask(fields, { idempotencyKey: `key-${number}` }));
  const view = ownerView({ store, clock, hub }, owner);
  const isOver = (head: TaskHead) => head.status === 'completed';
  const done = number % 10 === 0 && view.waitFor(taskId, isOver, { signal: new AbortController().signal });
  const { value } = await applyRule(
    store,
    clock,
    taskId,
    rules.claim({ holder: 'p', leaseMs: 20_000, onCrash: 'fail', maxCrashes: 3 }),
  );
  if (value.status !== 'claimed') throw new RangeError(value.status);
  const put = [{ kind: 'variable' as const, name: 'x', value: JSON.stringify('v'.repeat(100)) }];
  await applyRule(store, clock, taskId, rules.effects(value.lease, { put, progress: { done: 1 } }));
  const result = { content: [{ type: 'text' as const, text: `done: ${number}` }] };
  await applyRule(store, clock, taskId, rules.complete(value.lease, { result, keepResultMs: 0 }));
  await done;
}

it(
  '[STOR-05] [TEST-04] keeps nothing of 100,000 tasks that were created, completed, expired and swept',
  { timeout: 600_000 },
  async () => {
    const store = new MemoryTaskStore();
    const clock = manualClock(T0_MS);
    const hub = new WaiterHub({ store, clock });
    const sweepAll = async () => {
      let count = 0;
      for (;;) {
        const removed = await store.deleteExpired({ nowMs: clock.nowMs(), limit: 500 });
        if (removed === 0) return count;
        count += removed;
      }
    };
    /** All stored at the same time, then all expired. */
    const batch = async (from: number, to: number) => {
      for (let number = from; number < to; number += 1) await live(store, clock, hub, number);
      expect(store.sizes()).toMatchObject({ tasks: to - from, expiry: to - from });
      clock.setMs(clock.nowMs() + 60_000);
      return sweepAll();
    };
    let swept = await batch(0, 1_000);
    const heapAfterFirst = await heapUsedBytes();
    for (let from = 1_000; from < 100_000; from += 33_000) swept += await batch(from, from + 33_000);
    const grownBytes = (await heapUsedBytes()) - heapAfterFirst;
    expect(swept).toBe(100_000);
    expect(hub.size).toBe(0);
    expect(clock.timers).toBe(0);
    await hub.close();
    expect(store.sizes()).toEqual({ tasks: 0, expiry: 0, owners: 0, dueHandlers: 0, expired: 0, listeners: 0 });
    expect(grownBytes).toBeLessThan(5 * MiB);
  },
);
