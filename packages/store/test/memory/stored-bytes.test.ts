import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { entryBytes, TASK_ENTRY_KINDS, type TaskEntry, type TaskEntryKey, type TaskHead } from '../../src/index.ts';
import { MemoryTaskStore } from '../../src/memory/memory-task-store.ts';
import { anyText } from '../any-text.ts';
import { firstWrite, newTask, T0_MS, WIDE_LIMITS } from '../heads.ts';
import { EMPTY_SIZES, storeOf } from './memory-stores.ts';

const entries = (maxLength: number) =>
  fc.uniqueArray(
    fc.record({
      kind: fc.constantFrom('variable' as const, 'checkpoint' as const, 'call' as const),
      name: fc.constantFrom('', 'a', 'é', '\u{1f600}'),
      value: anyText({ maxLength: 6 }),
    }),
    { maxLength, selector: keyOf },
  );

function keyOf({ kind, name }: TaskEntryKey): string {
  return JSON.stringify([kind, name]);
}

/** One call, on one of six tasks of two owners: four at a time are stored. */
const calls = fc.oneof(
  { weight: 2, arbitrary: fc.record({ does: fc.constant('create' as const), task: fc.nat(5), put: entries(4) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      does: fc.constant('update' as const),
      task: fc.nat(5),
      entries: entries(6),
      deletes: fc.integer({ min: 0, max: 6 }),
      maxStoredBytes: fc.option(fc.nat(60), { nil: undefined }),
      isStale: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('remove' as const), limit: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('wait' as const), ms: fc.integer({ min: -3, max: 8 }) }) },
);
type Call = typeof calls extends fc.Arbitrary<infer Value> ? Value : never;

const TTL_MS = 10;
const LIMITS = { ...WIDE_LIMITS, maxStoredBytes: 60 };

/** The store, beside a model of it that counts everything anew at each look. */
class World {
  readonly store = new MemoryTaskStore();
  readonly #stored = new Map<string, { head: TaskHead; readonly entries: Map<string, TaskEntry> }>();
  #nowMs = T0_MS;
  #writes = 0;

  async do(call: Call): Promise<void> {
    if (call.does === 'wait') this.#nowMs += call.ms;
    else if (call.does === 'remove') await this.#remove(call.limit);
    else if (call.does === 'create') await this.#create(call);
    else await this.#update(call);
    await this.#compare();
  }

  /** Remove everything: then the store is empty. */
  async end(): Promise<void> {
    await this.store.deleteExpired({ nowMs: this.#nowMs + 1_000, limit: 1_000 });
    expect(this.store.sizes()).toEqual(EMPTY_SIZES);
  }

  #bytesOf(taskId: string): number {
    return [...(this.#stored.get(taskId)?.entries.values() ?? [])].reduce((sum, entry) => sum + entryBytes(entry), 0);
  }

  #ownerBytes(owner: string): number {
    return [...this.#stored]
      .filter(([, { head }]) => head.owner === owner)
      .reduce((sum, [id]) => sum + this.#bytesOf(id), 0);
  }

  #isLive(taskId: string): boolean {
    return this.#nowMs < (this.#stored.get(taskId)?.head.expiresAtMs ?? 0);
  }

  #idOf(place: number): { readonly taskId: string; readonly owner: string } {
    return { taskId: `task-${place}`, owner: place % 2 === 0 ? 'alice' : 'bob' };
  }

  async #create({ task, put }: Extract<Call, { readonly does: 'create' }>): Promise<void> {
    const { taskId, owner } = this.#idOf(task);
    // An id comes back only after its task was removed, as with ids that are random.
    if (this.#stored.has(taskId) && !this.#isLive(taskId)) return;
    const createdAtMs = this.#nowMs;
    const input = newTask(
      { taskId, owner, createdAtMs, ttlMs: TTL_MS + task, entryBytes: 999 },
      { entries: put, limits: LIMITS },
    );
    const bytes = put.reduce((sum, entry) => sum + entryBytes(entry), 0);
    const isNew = !this.#stored.has(taskId);
    if (isNew && this.#ownerBytes(owner) + bytes > LIMITS.maxStoredBytes) this.#forgetExpired(owner);
    const isOver = this.#ownerBytes(owner) + bytes > LIMITS.maxStoredBytes;
    const outcome = await this.store.create(input);
    expect(outcome.status).toBe(!isNew ? 'existing' : isOver ? 'over-quota' : 'created');
    if (outcome.status === 'created') {
      this.#stored.set(taskId, { head: outcome.head, entries: new Map(put.map((entry) => [keyOf(entry), entry])) });
    }
  }

  #forgetExpired(owner: string): void {
    for (const [taskId, { head }] of [...this.#stored]) {
      if (head.owner === owner && !this.#isLive(taskId)) this.#stored.delete(taskId);
    }
  }

  async #update(call: Extract<Call, { readonly does: 'update' }>): Promise<void> {
    const { taskId, owner } = this.#idOf(call.task);
    const task = this.#stored.get(taskId);
    const [deleted, put] = [call.entries.slice(0, call.deletes), call.entries.slice(call.deletes)];
    const next = new Map(task?.entries);
    for (const entry of deleted) next.delete(keyOf(entry));
    for (const entry of put) next.set(keyOf(entry), entry);
    const growth = [...next.values()].reduce((sum, entry) => sum + entryBytes(entry), 0) - this.#bytesOf(taskId);
    const isOver = growth > 0 && this.#ownerBytes(owner) + growth > (call.maxStoredBytes ?? Infinity);
    const expected =
      task === undefined
        ? 'not-found'
        : !this.#isLive(taskId)
          ? 'not-found'
          : call.isStale
            ? 'conflict'
            : isOver
              ? 'over-quota'
              : 'updated';
    this.#writes += 1;
    const outcome = await this.store.update({
      taskId,
      expected: { version: (task?.head.version ?? 0) - Number(call.isStale), writeId: task?.head.writeId ?? '' },
      writeId: `write-${this.#writes}`,
      patch: { head: {}, put, delete: deleted.map(({ kind, name }) => ({ kind, name })) },
      maxStoredBytes: call.maxStoredBytes,
      nowMs: this.#nowMs,
    });
    expect(outcome.status).toBe(expected);
    if (outcome.status === 'updated') this.#stored.set(taskId, { head: outcome.head, entries: next });
  }

  async #remove(limit: number): Promise<void> {
    const heads = await this.store.deleteExpired({ nowMs: this.#nowMs, limit });
    const expired = [...this.#stored.values()]
      .map(({ head }) => head)
      .filter(({ taskId }) => !this.#isLive(taskId))
      .sort((one, other) => one.expiresAtMs - other.expiresAtMs || (one.taskId < other.taskId ? -1 : 1));
    expect(heads).toEqual(expired.slice(0, limit));
    for (const { taskId } of heads) this.#stored.delete(taskId);
  }

  async #compare(): Promise<void> {
    const taskIds = [...this.#stored.keys()];
    const records = await this.store.get({ taskIds, kinds: TASK_ENTRY_KINDS, nowMs: this.#nowMs });
    expect(records.map(({ head }) => head.taskId).sort()).toEqual(taskIds.filter((id) => this.#isLive(id)).sort());
    for (const { head, entries: read } of records) {
      expect(head.entryBytes).toBe(this.#bytesOf(head.taskId));
      expect(new Map(read.map((entry) => [keyOf(entry), entry]))).toEqual(this.#stored.get(head.taskId)?.entries);
    }
  }
}

describe('bytes in the memory store', () => {
  it('[SEC-04] [TEST-07] are exact in each head and each owner’s sum, whatever is created, written, refused, expired and removed', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(calls, { maxLength: 40 }), async (all) => {
        const world = new World();
        for (const call of all) await world.do(call);
        await world.end();
      }),
      { numRuns: 300 },
    );
  });

  it('[SEC-04] do not grow beyond the bound of an update, and its refusal writes nothing', async () => {
    const store = await storeOf({ taskId: 'task-1' }, { taskId: 'task-2' }, { taskId: 'foreign', owner: 'bob' });
    const before = await store.get({ taskIds: ['task-1'], kinds: TASK_ENTRY_KINDS, nowMs: T0_MS });
    const put = [{ kind: 'variable' as const, name: 'v', value: '1234' }];
    const write = firstWrite({ patch: { head: { statusMessage: 'more' }, put }, maxStoredBytes: 36 });
    expect(await store.update(write)).toEqual({ status: 'over-quota', head: before[0]?.head });
    expect(await store.get({ taskIds: ['task-1'], kinds: TASK_ENTRY_KINDS, nowMs: T0_MS })).toEqual(before);
    expect(await store.update({ ...write, maxStoredBytes: 37 })).toMatchObject({
      status: 'updated',
      head: { entryBytes: 21 },
    });
  });

  it('[SEC-04] beyond the bound already refuse no write that does not make them grow', async () => {
    const store = await storeOf({ taskId: 'task-1' });
    const put = [{ kind: 'call' as const, name: '', value: '{"arguments":[]}' }];
    const same = firstWrite({ patch: { head: {}, put }, maxStoredBytes: 0 });
    expect(await store.update(same)).toMatchObject({ status: 'updated', head: { entryBytes: 16 } });
    const less = { head: {}, delete: [{ kind: 'call' as const, name: '' }] };
    const write = firstWrite({
      expected: { version: 2, writeId: 'written' },
      writeId: 'less',
      patch: less,
      maxStoredBytes: 0,
    });
    expect(await store.update(write)).toMatchObject({ status: 'updated', head: { entryBytes: 0 } });
  });

  it('[SEC-04] of 50 updates at once stop at the bound', async () => {
    const tasks = Array.from({ length: 50 }, () => ({}));
    const store = await storeOf(...tasks);
    const put = [{ kind: 'variable' as const, name: '', value: '0123456789' }];
    const outcomes = await Promise.all(
      tasks.map((_, place) =>
        store.update(firstWrite({ taskId: `task-${place}`, patch: { head: {}, put }, maxStoredBytes: 50 * 16 + 105 })),
      ),
    );
    expect(outcomes.filter(({ status }) => status === 'updated')).toHaveLength(10);
    expect(outcomes.filter(({ status }) => status === 'over-quota')).toHaveLength(40);
  });
});
