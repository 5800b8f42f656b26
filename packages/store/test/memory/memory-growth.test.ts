import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { TaskError } from '../../src/index.ts';
import { MemoryTaskStore } from '../../src/memory/memory-task-store.ts';
import { applyRule, newTaskId, ownerView, rules, WaiterHub } from '../../src/rules.ts';
import { type FakeClock, fakeClock, settled } from '../fake-clock.ts';
import { newTask, T0_MS } from '../heads.ts';

const MiB = 1024 * 1024;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

async function heapUsedBytes(): Promise<number> {
  await settled();
  collectGarbage();
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

/** One task from its creation to its result, with a key of its own. */
async function live(store: MemoryTaskStore, clock: FakeClock, number: number): Promise<string> {
  const taskId = newTaskId();
  const fields = {
    taskId,
    owner: ownerOf(number),
    handler: `tool-${number % 13}`,
    createdAtMs: clock.nowMs(),
    ttlMs: 60_000,
  };
  const created = newTask(fields, { idempotencyKey: `key-${number}` });
  await store.create(created);
  const claim = rules.claim({ holder: 'p', leaseMs: 20_000, onCrash: 'fail', maxCrashes: 3 });
  const { head, value } = await applyRule(store, clock, created.head, claim);
  if (value.status !== 'claimed') throw new RangeError(value.status);
  const result = { content: [{ type: 'text' as const, text: `done: ${number}` }] };
  await applyRule(store, clock, head, rules.complete(value.lease, { result, keepResultMs: 0 }));
  return taskId;
}

const ownerOf = (number: number) => `owner-${number % 977}`;

it(
  '[STOR-05] [TEST-04] keeps nothing of 100,000 tasks that were created, completed, expired and swept',
  { timeout: 600_000 },
  async () => {
    const store = new MemoryTaskStore();
    const clock = fakeClock(T0_MS);
    const hub = new WaiterHub({ store, clock });
    const sweepAll = async () => {
      let count = 0;
      for (;;) {
        const removed = await store.deleteExpired({ nowMs: clock.nowMs(), limit: 500 });
        if (removed === 0) return count;
        count += removed;
      }
    };
    const waitForever = (owner: string, taskId: string) =>
      ownerView({ store, clock, hub }, owner)
        .waitFor(taskId, () => false, { signal: new AbortController().signal })
        .catch((error: unknown) => TaskError.is(error, 'TASK_NOT_FOUND'));
    /** All stored at the same time, then all expired; one in ten has somebody who waits for it to the end. */
    const batch = async (from: number, to: number) => {
      const waits: Promise<unknown>[] = [];
      for (let number = from; number < to; number += 1) {
        const taskId = await live(store, clock, number);
        if (number % 10 === 0) waits.push(waitForever(ownerOf(number), taskId));
      }
      expect(store.sizes()).toMatchObject({ tasks: to - from, expiry: to - from });
      await clock.advance(60_000);
      expect(new Set(await Promise.all(waits))).toEqual(new Set([true]));
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
