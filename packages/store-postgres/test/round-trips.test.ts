import { TASK_ENTRY_KINDS, type TaskStore } from '@mcp-tasks/store';
import { type StoreCost } from '@mcp-tasks/store-kit';
import { type CountingProxy, countingProxy } from '@mcp-tasks/store-kit/fakes';
import { expect, it, onTestFinished } from 'vitest';
import { address, describeWithServer, openStore, POSTGRES_URL, through } from './support/postgres.ts';
import { checkpoint, newTask, NOW_MS, stored } from './support/tasks.ts';

/** A store through a proxy that counts, with one open connection. */
async function counted(): Promise<{ readonly store: TaskStore; readonly proxy: CountingProxy }> {
  const proxy = await countingProxy(address());
  onTestFinished(() => proxy.close());
  const store = await openStore({ connectionString: through(proxy.port), hints: POSTGRES_URL });
  await store.serverTimeMs?.();
  return { store, proxy };
}

const entries = [
  { kind: 'call' as const, name: '', value: '{}' },
  { kind: 'variable' as const, name: 'a', value: '1' },
];

describeWithServer('one round trip', () => {
  it('is what each method of the store takes, however much it asks for', async () => {
    const { store, proxy } = await counted();
    const heads = await Promise.all(Array.from({ length: 10 }, () => stored(store, {}, entries)));
    const [head = newTask().head] = heads;
    const { taskId } = head;
    const taskIds = heads.map((each) => each.taskId);
    const leases = heads.map((each) => ({ taskId: each.taskId, attempt: 0, holder: 'process-1' }));
    const patch = {
      head: { status: 'input_required' as const },
      put: entries,
      delete: [{ kind: 'call' as const, name: 'gone' }],
    };
    const calls: Record<string, () => Promise<unknown>> = {
      'a create with a key and entries': () => store.create(newTask({}, { entries, idempotencyKey: 'key' })),
      'a create that finds its key': () => store.create(newTask({}, { idempotencyKey: 'key' })),
      'a create over the quota': () => store.create(newTask({}, { limits: { maxActiveTasks: 1, maxStoredTasks: 1 } })),
      'an update that puts and deletes': () => store.update({ taskId, expectedVersion: 1, patch, nowMs: NOW_MS }),
      'an update that conflicts': () => store.update(checkpoint(head, 'a')),
      'an update of no task': () => store.update({ ...checkpoint(head, 'a'), taskId: 'nobody' }),
      'a get of a head': () => store.get({ taskIds: [taskId], kinds: [], nowMs: NOW_MS }),
      'a get of 10 whole tasks': () => store.get({ taskIds, kinds: TASK_ENTRY_KINDS, nowMs: NOW_MS }),
      'a first page': () => store.list({ owner: 'owner', limit: 3, nowMs: NOW_MS }),
      'a later page': () => store.list({ owner: 'owner', limit: 3, after: head, nowMs: NOW_MS }),
      'due of many handlers': () => store.due({ handlers: ['tool', 'other'], limit: 5, nowMs: NOW_MS }),
      'a renewal of 10 leases': () => store.renew({ leases, dueAtMs: NOW_MS + 1, nowMs: NOW_MS }),
      'a sweep of all': () => store.deleteExpired({ nowMs: NOW_MS + 3_600_000, limit: 100 }),
      'the time': () => store.serverTimeMs?.() ?? Promise.reject(new TypeError('no time')),
    };
    const operations: Record<string, number> = {};
    for (const [what, call] of Object.entries(calls)) {
      const before: StoreCost = proxy.cost();
      await call();
      operations[what] = proxy.cost().operations - before.operations;
    }
    expect(operations).toEqual(Object.fromEntries(Object.keys(calls).map((what) => [what, 1])));
  });

  it('sends a put of one entry, not the thousand that the task has', async () => {
    const { store, proxy } = await counted();
    const many = Array.from({ length: 1_000 }, (_, index) => ({
      kind: 'checkpoint' as const,
      name: `step ${index}`,
      value: JSON.stringify('x'.repeat(1_000)),
    }));
    const head = await stored(store, {}, many);
    const before = proxy.cost().bytes;
    await store.update(checkpoint(head, 'one more'));
    expect(proxy.cost().bytes - before).toBeLessThan(3_000);
  });
});
