import { TASK_ENTRY_KINDS, TaskError, type TaskHead, type TaskStore } from '@mcp-tasks/store';
import { countingProxy } from '@mcp-tasks/store-kit/fakes';
import { checkpoint, claimOf, leaseOf, newTask, NOW_MS, ROOMY } from '@mcp-tasks/store-testing';
import { expect, it, onTestFinished } from 'vitest';
import { address, describeWithServer, openStore, query, temporarySchema, through } from './support/postgres.ts';

/** Rows of owners that say something else than their tasks and entries do. */
const wrongSums = (schema: string) =>
  query(`WITH entry AS (
      SELECT task_id, sum(octet_length(name) + octet_length(value)) AS bytes FROM ${schema}.task_entries GROUP BY task_id
    ), task AS (
      SELECT task_id, owner, entry_bytes, COALESCE(bytes, 0) AS bytes, status IN ('working', 'input_required') AS is_active
      FROM ${schema}.tasks LEFT JOIN entry USING (task_id)
    ), summed AS (
      SELECT owner, count(*) AS tasks, count(*) FILTER (WHERE is_active) AS active, sum(bytes) AS bytes FROM task GROUP BY owner
    )
    SELECT 'task ' || task_id AS wrong FROM task WHERE entry_bytes <> bytes
    UNION ALL SELECT 'owner ' || encode(owner, 'escape') FROM summed FULL JOIN ${schema}.owners o USING (owner)
      WHERE (summed.tasks, summed.active, summed.bytes) IS DISTINCT FROM (o.tasks, o.active, o.bytes)`);

const OWNERS = ['owner', 'another', 'a third'];
const below = (limit: number) => Math.floor(Math.random() * limit);
const pick = <Item>(items: readonly Item[]): Item | undefined => items[below(items.length)];

/** Make one random call. Tasks live for 1 to 40 ms of a time that moves with the calls. */
async function callAtRandom(store: TaskStore, known: TaskHead[], nowMs: number): Promise<unknown> {
  const owner = pick(OWNERS) ?? '';
  const values = Array.from({ length: below(3) }, (_, index) => 'x'.repeat(below(200) + index));
  const entries = values.map((value, index) => ({ kind: 'variable' as const, name: `${index}`, value }));
  const head = pick(known.slice(-30));
  const kind = below(10);
  if (head === undefined || kind < 3) {
    const limits = { maxActiveTasks: 6, maxStoredTasks: 12, maxStoredBytes: 2_000 };
    const made = newTask({ owner, expiresAtMs: nowMs + 1 + below(40), dueAtMs: nowMs }, { entries, limits, nowMs });
    known.push(made.head);
    return store.create({ ...made, idempotencyKey: pick([undefined, 'a', 'b']) });
  }
  if (kind < 7) {
    const [record] = await store.get({ taskIds: [head.taskId], kinds: [], nowMs });
    const status = pick(['working', 'completed', 'input_required'] as const) ?? 'working';
    const patch = { head: below(3) === 0 ? { status } : {}, put: entries.slice(1), delete: entries.slice(0, 1) };
    const maxStoredBytes = pick([undefined, 2_000]);
    return store.update({ ...checkpoint(record?.head ?? head, ''), patch, maxStoredBytes, nowMs });
  }
  if (kind === 7) return store.claim(claimOf({ limit: 3, perOwner: 2, leaseMs: 10, nowMs }));
  if (kind === 8) return store.renew({ leases: known.slice(-20).map((each) => leaseOf(each)), leaseMs: 10, nowMs });
  return store.deleteExpired({ nowMs, limit: 5 });
}

describeWithServer('the sums of an owner', () => {
  it('[BOUN-02][DURA-01] are exact after random calls at once whose connections break, and no two calls dead-lock', async () => {
    const schema = temporarySchema();
    const proxy = await countingProxy(address());
    onTestFinished(() => proxy.close());
    const stores = await Promise.all(
      Array.from({ length: 3 }, () => openStore({ connectionString: through(proxy.port), hints: false, schema })),
    );
    const known: TaskHead[] = [];
    const codes = new Set<unknown>();
    let nowMs = NOW_MS;
    let calls = 0;
    const work = async (store: TaskStore) => {
      for (let call = 0; call < 120; call += 1) {
        nowMs += below(2);
        calls += 1;
        if (calls % 150 === 0) proxy.breakConnections();
        await callAtRandom(store, known, nowMs).catch((error: unknown) => {
          if (!TaskError.is(error, 'STORE_UNAVAILABLE')) throw error;
          codes.add((error.cause as { readonly code?: unknown }).code);
        });
      }
    };
    await Promise.all([...stores, ...stores, ...stores, ...stores].map(work));
    // Nothing but the connection failed: no dead-lock (40P01), no conflict of keys.
    codes.delete('ECONNRESET');
    codes.delete('EPIPE');
    codes.delete(undefined);
    expect([...codes]).toEqual([]);
    // A statement whose connection broke may still be at work: it holds a lock on the tasks.
    await query(`BEGIN; LOCK TABLE ${schema}.tasks IN ACCESS EXCLUSIVE MODE; COMMIT`);
    expect(await wrongSums(schema)).toEqual([]);
    const reader = await openStore({ schema });
    await reader.deleteExpired({ nowMs: nowMs + 100, limit: 10_000 });
    expect(await query(`SELECT * FROM ${schema}.owners`), 'an owner without tasks leaves a row').toEqual([]);
  });

  it('[BOUN-02][DURA-07] hold the limits where many creates of one owner come at once, and refuse no more than they must', async () => {
    const schema = temporarySchema();
    const stores = await Promise.all([openStore({ schema }), openStore({ schema })]);
    const entries = [{ kind: 'call' as const, name: '', value: '1234567890' }];
    for (const [limit, most] of [
      ['maxActiveTasks', 7],
      ['maxStoredTasks', 8],
      ['maxStoredBytes', 90],
    ] as const) {
      const limits = { ...ROOMY, [limit]: most };
      const create = (store: TaskStore) => store.create(newTask({ owner: limit }, { limits, entries }));
      const turns = Array.from({ length: 16 }, () => stores).flat();
      const outcomes = (await Promise.all(turns.map((store) => create(store)))).map(({ status }) => status);
      const created = outcomes.filter((status) => status === 'created');
      expect(created).toHaveLength(limit === 'maxStoredBytes' ? 9 : most);
    }
    expect(await wrongSums(schema)).toEqual([]);
  });

  it('[BOUN-02] let a create in where expired tasks make an owner look full of active ones', async () => {
    const store = await openStore();
    const create = (expiresAtMs: number, nowMs: number) =>
      store.create(newTask({ expiresAtMs }, { limits: { ...ROOMY, maxActiveTasks: 3 }, nowMs }));
    for (let count = 0; count < 3; count += 1) await create(NOW_MS + 10, NOW_MS);
    expect(await create(NOW_MS + 10, NOW_MS)).toMatchObject({ status: 'over-quota', retryable: false });
    for (let count = 0; count < 3; count += 1) {
      expect(await create(NOW_MS + 99, NOW_MS + 10)).toMatchObject({ status: 'created' });
    }
    expect(await create(NOW_MS + 99, NOW_MS + 10)).toMatchObject({ status: 'over-quota' });
  });

  it('[INTG-07] are not locked by a write that changes none of them', async () => {
    const schema = temporarySchema();
    const store = await openStore({ schema });
    const { head } = newTask();
    await store.create(newTask(head, { entries: [{ kind: 'variable', name: 'a', value: '12' }] }));
    const rowBefore = await query(`SELECT ctid, xmin, xmax FROM ${schema}.owners`);
    const same = { head: { statusMessage: 'half' }, put: [{ kind: 'variable' as const, name: 'a', value: '34' }] };
    const outcome = await store.update({ ...checkpoint(head, ''), patch: same });
    expect(outcome.status).toBe('updated');
    await store.claim(claimOf());
    await store.get({ taskIds: [head.taskId], kinds: TASK_ENTRY_KINDS, nowMs: NOW_MS });
    expect(await query(`SELECT ctid, xmin, xmax FROM ${schema}.owners`)).toEqual(rowBefore);
  });
});
