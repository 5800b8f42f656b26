import { newWriteId, TASK_ENTRY_KINDS, type TaskHead, type TaskStore } from '@mcp-tasks/store';
import { type CountingProxy, countingProxy } from '@mcp-tasks/store-kit/fakes';
import { expect, it, onTestFinished } from 'vitest';
import type { DescribeTests } from './missing.ts';
import { checkpoint, claimOf, HELD, leaseOf, newTask, NOW_MS, ROOMY, stored } from './tasks.ts';

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
      const heads = await Promise.all(
        Array.from({ length: 10 }, () => stored(store, { ...HELD, ...JOINABLE }, entries)),
      );
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

const JOINABLE = { joinKey: 'key', joinState: 'left' as const };

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
  const [head, second, third] = heads;
  if (!head || !second || !third) throw new TypeError('Three tasks are needed.');
  const { taskId } = head;
  const taskIds = heads.map((each) => each.taskId);
  const leases = heads.map((each) => leaseOf(each));
  const patch = {
    head: { status: 'input_required' as const },
    put: entries,
    delete: [{ kind: 'call' as const, name: 'gone' }],
  };
  const full = { limits: { ...ROOMY, maxActiveTasks: 1 } };
  const fullBytes = { limits: { ...ROOMY, maxStoredBytes: 1 }, entries };
  const update = { taskId, expected: head, writeId: newWriteId(), patch, nowMs: NOW_MS };
  const dueMs = NOW_MS + 60_000;
  const claim = claimOf({ limit: 5, nowMs: dueMs });
  const due = { handlers: ['tool', 'other'], queues: ['', 'engine'], limit: 5, nowMs: NOW_MS };
  return {
    'a create with a key and entries': () => store.create(newTask({}, { entries, idempotencyKey: 'key' })),
    'a create that finds its key': () => store.create(newTask({}, { idempotencyKey: 'key' })),
    'a create over the quota': () => store.create(newTask({}, full)),
    'a create over the quota of bytes': () => store.create(newTask({}, fullBytes)),
    'an update that puts and deletes': () => store.update(update),
    'the same update sent again': () => store.update(update),
    'an update within a quota of bytes': () => store.update({ ...checkpoint(second, 'a'), maxStoredBytes: 2 ** 40 }),
    'an update over the quota of bytes': () => store.update({ ...checkpoint(third, 'a'), maxStoredBytes: 1 }),
    'an update that conflicts': () => store.update(checkpoint(head, 'a')),
    'an update of no task': () => store.update({ ...checkpoint(head, 'a'), taskId: 'nobody' }),
    'a get of a head': () => store.get({ taskIds: [taskId], kinds: [], nowMs: NOW_MS }),
    'a get of 10 whole tasks': () => store.get({ taskIds, kinds: TASK_ENTRY_KINDS, nowMs: NOW_MS }),
    'a get of a task of another owner': () =>
      store.get({ taskIds: [taskId], owner: 'other', kinds: TASK_ENTRY_KINDS, nowMs: NOW_MS }),
    'a task that an equal call can join': () => store.findJoinable({ owner: 'owner', joinKey: 'key', nowMs: NOW_MS }),
    'a first page': () => store.list({ owner: 'owner', limit: 3, nowMs: NOW_MS }),
    'a later page': () => store.list({ owner: 'owner', limit: 3, after: head, nowMs: NOW_MS }),
    'due of many handlers': () => store.due(due),
    'a later page of due tasks': () => store.due({ ...due, after: { dueAtMs: NOW_MS - 1, taskId } }),
    'due of all but some handlers': () => store.due({ ...due, handlers: { except: ['other'] } }),
    'a renewal of 10 leases': () => store.renew({ leases, leaseMs: 1, nowMs: NOW_MS }),
    'a claim by id': () => store.claim(claimOf({ taskIds, limit: 2, nowMs: dueMs })),
    'a claim of many tasks': () => store.claim(claim),
    'the same claim sent again': () => store.claim(claim),
    'a claim that finds nothing': () => store.claim(claimOf({ handlers: [{ name: 'unknown' }], nowMs: dueMs })),
    'a sweep of all': () => store.deleteExpired({ nowMs: NOW_MS + 3_600_000, limit: 100 }),
    'the time': () => store.serverTimeMs?.() ?? Promise.reject(new TypeError('The store has no time.')),
  };
}
