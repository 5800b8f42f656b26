import { newWriteId, type TaskHead, type TaskHeadPatch, type TaskStore } from '@mcp-tasks/store';
import { claimOf, newTask, NOW_MS } from '@mcp-tasks/store-testing';
import { expect, it } from 'vitest';
import { checkIndexes } from './support/indexes.ts';
import { describeWithServer, openStore, temporaryName, withRedis } from './support/redis.ts';

const HOUR_MS = 3_600_000;
const OWNERS = ['owner', 'Owner', 'owner\0', 'é'];

/** Numbers that a seed fixes (mulberry32). */
function randomNumbers(seed: number) {
  let state = seed;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number) => Math.floor(next() * limit);
  const pick = <Item>(items: readonly Item[]): Item => items[below(items.length)] as Item;
  return { below, pick, chance: (share: number) => next() < share };
}

type RandomNumbers = ReturnType<typeof randomNumbers>;

const randomEntries = ({ below, pick }: RandomNumbers) =>
  pick([[], ['a'], ['ü'], ['a', 'ü']]).map((name) => ({
    kind: pick(['call', 'variable', 'history', 'result'] as const),
    name,
    value: 'x'.repeat(1 + below(50)),
  }));

function randomPatch({ below, pick, chance }: RandomNumbers, nowMs: number): TaskHeadPatch {
  const fields: TaskHeadPatch = {
    status: pick(['working', 'working', 'input_required', 'completed', 'cancelled']),
    expiresAtMs: nowMs + 1 + below(HOUR_MS),
    holder: pick(['process-1', null]),
    dueAtMs: pick([null, nowMs - 5, nowMs + below(HOUR_MS)]),
    joinState: pick(['held', 'left', null]),
  };
  return Object.fromEntries(Object.entries(fields).filter(() => chance(0.4)));
}

/** One random call. */
async function work(store: TaskStore, random: RandomNumbers, known: string[], nowMs: number): Promise<void> {
  const { below, pick } = random;
  const present = async (): Promise<TaskHead | undefined> => {
    if (known.length === 0) return undefined;
    return (await store.get({ taskIds: [pick(known)], kinds: [], nowMs }))[0]?.head;
  };
  const kind = below(10);
  if (kind < 3) {
    const fields = {
      owner: pick(OWNERS),
      handler: pick(['tool', ':other']),
      queue: pick(['', 'engine:']),
      createdAtMs: nowMs,
      expiresAtMs: nowMs + 1 + below(HOUR_MS),
      dueAtMs: pick([null, nowMs, nowMs + below(HOUR_MS)]),
      ...pick([{}, { joinKey: 'join', joinState: 'held' as const }, { joinKey: 'é' }]),
      ...pick([{}, { attempt: 1, holder: 'process-1' }]),
    };
    const limits = { maxActiveTasks: 8, maxStoredTasks: 12, maxStoredBytes: 600 };
    const idempotencyKey = pick([undefined, 'a', 'b:c']);
    const task = newTask(fields, { entries: randomEntries(random), limits, idempotencyKey, nowMs });
    known.push(task.head.taskId);
    await store.create(task);
  } else if (kind < 6) {
    const head = await present();
    if (!head) return;
    const put = randomEntries(random);
    const gone = randomEntries(random).filter(
      (one) => !put.some(({ kind: other, name }) => other === one.kind && name === one.name),
    );
    const patch = { head: randomPatch(random, nowMs), put, delete: gone };
    await store.update({ taskId: head.taskId, expected: head, writeId: newWriteId(), patch, nowMs });
  } else if (kind < 8) {
    const handlers = [{ name: 'tool', suspectCrashCount: 2 }, { name: ':other' }];
    const turn = {
      limit: 1 + below(4),
      perOwner: 1 + below(2),
      suspects: below(2),
      afterOwner: pick([undefined, ...OWNERS]),
    };
    const holder = pick(['process-1', 'process-2']);
    await store.claim(
      claimOf({
        handlers,
        queues: pick([[''], ['', 'engine:']]),
        holder,
        ...turn,
        leaseMs: 1 + below(HOUR_MS / 4),
        nowMs,
      }),
    );
  } else if (kind < 9) {
    const head = await present();
    if (!head) return;
    const { taskId, attempt, holder = 'process-1' } = head;
    await store.renew({ leases: [{ taskId, attempt, holder }], leaseMs: below(HOUR_MS / 4), nowMs });
  } else await store.deleteExpired({ nowMs, limit: 1 + below(3) });
}

describeWithServer('the indexes and sums of a store', () => {
  it.each([1, 2, 3, 4])('[SEC-04][TEST-07] are what its heads say after random work (seed %d)', async (seed) => {
    const name = temporaryName();
    const store = await openStore({ name });
    const random = randomNumbers(seed);
    const known: string[] = [];
    let nowMs = NOW_MS;
    for (let step = 0; step < 400; step += 1) {
      nowMs += random.below(HOUR_MS / 50);
      await work(store, random, known, nowMs);
      if (step % 20 === 0) await checkIndexes(name);
    }
    await checkIndexes(name);
    // What native expiry may do to any task, at any place.
    await withRedis(async (redis) => {
      for (const [at, taskId] of known.entries()) {
        if (at % 2 === 0) continue;
        const keys = ['call', 'variable', 'history', 'result'].map((kind) => `{${name}}:e:${kind}:${taskId}`);
        await redis.del(`{${name}}:t:${taskId}`, ...keys);
      }
    });
    const laterMs = nowMs + 2 * HOUR_MS;
    while ((await store.deleteExpired({ nowMs: laterMs, limit: 100 })).length > 0);
    await checkIndexes(name, ['schema', 'c:']);
    expect(await store.list({ owner: 'owner', limit: 5, nowMs: NOW_MS })).toEqual({ heads: [], hasMore: false });
  });
});
