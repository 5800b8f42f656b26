import { TASK_ENTRY_KINDS, type TaskHead, type TaskStore } from '@mcp-tasks/store';
import { type CountingProxy, countingProxy } from '@mcp-tasks/store-kit/fakes';
import { expect, it, onTestFinished } from 'vitest';
import type { DescribeTests } from './missing.ts';
import { checkpoint, newTask, NOW_MS, stored } from './tasks.ts';

/** How a database store is reached through a proxy. */
export interface ProxiedDatabase {
  /** Where the database listens. */
  readonly address: { readonly host: string; readonly port: number };
  /** Open a store on the port of a proxy; it closes with the test. */
  readonly open: (port: number) => Promise<TaskStore>;
}

/** Test that each method of a store takes one round trip, and that an update sends what it puts and no more. */
export function describeRoundTrips(describeTests: DescribeTests, database: ProxiedDatabase): void {
  describeTests('one round trip', () => {
    it('is what each method of the store takes, however much it asks for', async () => {
      const { store, proxy } = await openCounted(database);
      const heads = await Promise.all(Array.from({ length: 10 }, () => stored(store, {}, entries)));
      const calls = everyCall(store, heads);
      const operations: Record<string, number> = {};
      for (const [what, call] of Object.entries(calls)) {
        const before = proxy.cost();
        await call();
        operations[what] = proxy.cost().operations - before.operations;
      }
      expect(operations).toEqual(Object.fromEntries(Object.keys(calls).map((what) => [what, 1])));
    });

    it('sends a put of one entry, not the thousand that the task has', async () => {
      const { store, proxy } = await openCounted(database);
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
}

const entries = [
  { kind: 'call' as const, name: '', value: '{}' },
  { kind: 'variable' as const, name: 'a', value: '1' },
];

/** A store through a proxy that counts, with one open connection. */
async function openCounted({
  address,
  open,
}: ProxiedDatabase): Promise<{ readonly store: TaskStore; readonly proxy: CountingProxy }> {
  const proxy = await countingProxy(address);
  onTestFinished(() => proxy.close());
  const store = await open(proxy.port);
  await store.serverTimeMs?.();
  return { store, proxy };
}

/** A call of each kind, in the order in which they are made: the sweep leaves no task. */
function everyCall(store: TaskStore, heads: readonly TaskHead[]): Readonly<Record<string, () => Promise<unknown>>> {
  const [head = newTask().head] = heads;
  const { taskId } = head;
  const taskIds = heads.map((each) => each.taskId);
  const leases = heads.map((each) => ({ taskId: each.taskId, attempt: 0, holder: 'process-1' }));
  const patch = {
    head: { status: 'input_required' as const },
    put: entries,
    delete: [{ kind: 'call' as const, name: 'gone' }],
  };
  const full = { limits: { maxActiveTasks: 1, maxStoredTasks: 1 } };
  return {
    'a create with a key and entries': () => store.create(newTask({}, { entries, idempotencyKey: 'key' })),
    'a create that finds its key': () => store.create(newTask({}, { idempotencyKey: 'key' })),
    'a create over the quota': () => store.create(newTask({}, full)),
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
    'the time': () => store.serverTimeMs?.() ?? Promise.reject(new TypeError('The store has no time.')),
  };
}
