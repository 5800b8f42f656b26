import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { newWriteId, TaskError } from '../../src/index.ts';
import { MemoryTaskStore } from '../../src/memory/memory-task-store.ts';
import { applyRule, newTaskId, ownerView, rules, WaiterHub } from '../../src/rules.ts';
import { type FakeClock, fakeClock, settled } from '../fake-clock.ts';
import { newClaim, newTask, T0_MS } from '../heads.ts';
import { EMPTY_SIZES } from './memory-stores.ts';

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
  const claim = {
    handlers: [{ name: fields.handler }],
    taskIds: [taskId],
    writeId: newWriteId(),
    nowMs: clock.nowMs(),
  };
  const { records } = await store.claim(newClaim(claim));
  const [record] = records;
  if (record === undefined) throw new RangeError('A queued task can be claimed.');
  const lease = { taskId, attempt: 1, holder: 'here' };
  const result = { content: [{ type: 'text' as const, text: `done: ${number}` }] };
  await applyRule({ store, clock }, record.head, rules.complete(lease, { result, keepResultMs: 0 }));
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
        if (removed.length === 0) return count;
        count += removed.length;
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
    expect(store.sizes()).toEqual(EMPTY_SIZES);
    expect(grownBytes).toBeLessThan(5 * MiB);
  },
);
