import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { MemoryTaskStore } from '../../src/memory/memory-task-store.ts';
import { newTask, T0_MS, WIDE_LIMITS } from '../heads.ts';

const MiB = 1024 * 1024;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

it('[BOUN-02] keeps the heap within twice the quota of an owner whose tasks live for a moment', async () => {
  const store = new MemoryTaskStore();
  const limits = { ...WIDE_LIMITS, maxStoredBytes: 16 * MiB };
  const heapBytes = () => {
    collectGarbage();
    return process.memoryUsage().heapUsed;
  };
  const beforeBytes = heapBytes();
  let mostBytes = 0;
  const counts = { created: 0, existing: 0, 'over-quota': 0 };
  for (let index = 0; index < 20_000; index += 1) {
    const nowMs = T0_MS + Math.floor(index / 2);
    const fields = { taskId: `task-${index}`, createdAtMs: nowMs, ttlMs: 1 + ((index * 7_919) % 1_000) };
    // A text of its own: one that is shared would count once.
    const value = Buffer.alloc(MiB / 64, `"${index} `).toString('latin1');
    const { status } = await store.create(
      newTask(fields, { entries: [{ kind: 'call', name: '', value }], limits, nowMs }),
    );
    counts[status] += 1;
    if (index % 500 === 0) mostBytes = Math.max(mostBytes, heapBytes() - beforeBytes);
  }
  // Ten times the quota was written, and at times the owner was at it.
  expect(counts.created).toBeGreaterThan(10 * 1_024);
  expect(mostBytes).toBeGreaterThan(limits.maxStoredBytes / 2);
  expect(mostBytes).toBeLessThan(2 * limits.maxStoredBytes);
});
