import { describe, expect, it } from 'vitest';
import type { TaskHint } from '../../src/index.ts';
import { MemoryTaskStore } from '../../src/memory/memory-task-store.ts';
import { settled } from '../fake-clock.ts';
import { firstWrite, newClaim, newTask, T0_MS } from '../heads.ts';
import { EMPTY_SIZES } from './memory-stores.ts';

describe('watching and closing the memory store', () => {
  it('[STOR-01] hints at each create, claim and update, with what became due, until the watch ends', async () => {
    const store = new MemoryTaskStore();
    const hints: TaskHint[] = [];
    const stop = await store.watch((hint) => hints.push(hint));
    await store.create(newTask());
    await store.claim(newClaim());
    const claimed = { version: 2, writeId: 'claimed' };
    const released = { head: { holder: null, dueAtMs: T0_MS + 9 } };
    await store.update(firstWrite({ expected: claimed, patch: released }));
    const end = { expected: { version: 3, writeId: 'written' }, writeId: 'end' };
    await store.update(firstWrite({ ...end, patch: { head: { status: 'cancelled', dueAtMs: null } } }));
    await stop();
    await store.update(firstWrite({ expected: { version: 4, writeId: 'end' }, writeId: 'late' }));
    await settled();
    const hint = { taskId: 'task-1', status: 'working' };
    const due = { handler: 'count', queue: '' };
    expect(hints).toEqual([
      { ...hint, version: 1, due: { ...due, atMs: T0_MS } },
      { ...hint, version: 2 },
      { ...hint, version: 3, due: { ...due, atMs: T0_MS + 9 } },
      { ...hint, version: 4, status: 'cancelled' },
    ]);
    expect(store.sizes()['listeners']).toBe(0);
  });

  it('[STOR-01] refuses every call after close with STORE_CLOSED and keeps nothing', async () => {
    const store = new MemoryTaskStore();
    await store.create(newTask({ ttlMs: 1 }));
    await store.create(newTask({ taskId: 'task-2' }, { nowMs: T0_MS + 1 }));
    await store.claim(newClaim());
    await store.close();
    await store.close();
    const nowMs = T0_MS;
    const calls = [
      store.create(newTask()),
      store.get({ taskIds: [], kinds: [], nowMs }),
      store.update(firstWrite()),
      store.list({ owner: 'alice', limit: 1, nowMs }),
      store.findJoinable({ owner: 'alice', joinKey: 'k', nowMs }),
      store.due({ handlers: [], queues: [], limit: 1, nowMs }),
      store.claim(newClaim()),
      store.renew({ leases: [], leaseMs: 1, nowMs }),
      store.deleteExpired({ nowMs, limit: 1 }),
      store.watch(() => undefined),
    ];
    for (const call of calls) await expect(call).rejects.toMatchObject({ code: 'STORE_CLOSED' });
    expect(store.sizes()).toEqual(EMPTY_SIZES);
  });
});
