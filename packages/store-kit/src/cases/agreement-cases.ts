import assert from 'node:assert/strict';
import {
  memoryStore,
  TASK_ENTRY_KINDS,
  type TaskEntry,
  type TaskHead,
  type TaskHeadPatch,
  type TaskStore,
} from '@mcp-tasks/store';
import { TASK_STATUSES } from '@mcp-tasks/wire';
import { creation, DAY_MS, HOUR_MS, newTask } from '../sides/records.ts';
import { contractCase } from './case-kit.ts';

const STEPS = 250;
const SEEDS = [1, 20_260_728];
/** Lifetime of a task, roughly; a step moves time by a twentieth of it at most. */
const LIFE_MS = HOUR_MS / 3;
/** Longer than the steps of a seed take, and the tasks that they leave live. */
const SEED_MS = 6 * HOUR_MS;

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
  const pick = <Item>(items: readonly Item[]): Item => {
    assert.ok(items.length > 0, 'nothing to pick from');
    return items[below(items.length)] as Item;
  };
  return { below, pick, chance: (share: number) => next() < share };
}

type RandomNumbers = ReturnType<typeof randomNumbers>;
type Call = (store: TaskStore) => Promise<unknown>;

const OWNERS = ['owner', 'Owner', 'owner\0'];

function randomEntries({ below, pick }: RandomNumbers): TaskEntry[] {
  const entries = Array.from({ length: below(4) }, () => ({
    kind: pick(TASK_ENTRY_KINDS),
    name: pick(['', 'a', 'b']),
    value: String(below(100)),
  }));
  // An entry is in a write once.
  return [...new Map(entries.map((entry) => [`${entry.kind} ${entry.name}`, entry])).values()];
}

function randomPatch({ below, pick, chance }: RandomNumbers, nowMs: number): TaskHeadPatch {
  const fields: TaskHeadPatch = {
    status: pick(TASK_STATUSES),
    statusMessage: pick(['half', 'more', null]),
    progress: pick([{ done: below(9) }, { done: 1, total: 2, message: 'm' }, null]),
    lastUpdatedAtMs: nowMs,
    ttlMs: below(DAY_MS),
    expiresAtMs: nowMs + 1 + below(3 * LIFE_MS),
    attempt: below(3),
    crashCount: below(3),
    holder: pick(['process-1', 'process-2', null]),
    dueAtMs: pick([null, nowMs - below(LIFE_MS), nowMs + below(LIFE_MS)]),
    openQuestions: pick([[], ['q'], ['p', 'q']]),
    toolError: pick(['no', null]),
  };
  return Object.fromEntries(Object.entries(fields).filter(() => chance(0.3)));
}

/** One call with random arguments, to be made of both stores. */
function randomCall(random: RandomNumbers, known: TaskHead[], nowMs: number): Call {
  const { below, pick, chance } = random;
  const owner = pick(OWNERS);
  const { taskId, version } = known.length > 0 && chance(0.9) ? pick(known) : newTask(nowMs);
  const calls: [weight: number, make: () => Call][] = [
    [
      3,
      () => {
        const limits = { maxActiveTasks: 6, maxStoredTasks: 9 };
        const head = newTask(nowMs, {
          owner,
          ttlMs: 1 + below(2 * LIFE_MS),
          dueAtMs: pick([null, nowMs]),
          handler: pick(['tool', 'other']),
        });
        const entries = randomEntries(random);
        const idempotencyKey = pick([undefined, undefined, 'a', 'b']);
        known.push(head);
        return (store) => store.create(creation(head, { entries, limits, idempotencyKey }));
      },
    ],
    [
      5,
      () => {
        const expectedVersion = chance(0.8) ? version : version + 1;
        const put = randomEntries(random);
        const isPut = (entry: TaskEntry) => put.some(({ kind, name }) => kind === entry.kind && name === entry.name);
        const deleted = randomEntries(random).filter((entry) => !isPut(entry));
        const patch = {
          head: randomPatch(random, nowMs),
          put,
          delete: deleted.map(({ kind, name }) => ({ kind, name })),
        };
        return (store) => store.update({ taskId, expectedVersion, patch, nowMs });
      },
    ],
    [
      2,
      () => {
        const after = chance(0.5) ? { createdAtMs: nowMs - below(3 * LIFE_MS), taskId } : undefined;
        const limit = 1 + below(6);
        return (store) => store.list({ owner, limit, nowMs, after });
      },
    ],
    [
      1,
      () => async (store) => {
        const heads = await store.due({ handlers: ['tool'], limit: 1_000, nowMs });
        return [...heads].sort((one, other) => (one.taskId < other.taskId ? -1 : 1));
      },
    ],
    [
      2,
      () => {
        const lease = { taskId, attempt: below(3), holder: pick(['process-1', 'process-2']) };
        const dueAtMs = nowMs + below(LIFE_MS);
        return (store) => store.renew({ leases: [lease], dueAtMs, nowMs });
      },
    ],
    [
      1,
      () => {
        const limit = 1 + below(5);
        return (store) => store.deleteExpired({ nowMs, limit });
      },
    ],
  ];
  return pick(calls.flatMap(([weight, make]) => Array.from({ length: weight }, () => make)))();
}

/** Promise 2, second half: all stores agree. */
export const agreementCases = [
  contractCase(
    { id: 'agrees', promise: 2, title: '[TEST-04][TEST-07] answers random calls like the memory store' },
    async ({ store, other, nowMs }) => {
      for (const [index, seed] of SEEDS.entries()) {
        const random = randomNumbers(seed);
        const model = memoryStore();
        const known: TaskHead[] = [];
        // Each seed has a time of its own, and nothing that the one before left.
        let atMs = nowMs + index * SEED_MS;
        await store.deleteExpired({ nowMs: atMs, limit: 10_000 });
        for (let step = 1; step <= STEPS; step += 1) {
          atMs += random.below(LIFE_MS / 20);
          const call = randomCall(random, known, atMs);
          const connection = random.chance(0.5) ? store : other;
          const where = `step ${step} of seed ${seed}`;
          assert.deepEqual(plain(await call(connection)), plain(await call(model)), `the answer of ${where}`);
          for (const [place, head] of known.entries()) {
            const read = { taskIds: [head.taskId], kinds: TASK_ENTRY_KINDS, nowMs: atMs };
            const [record] = await model.get(read);
            if (step % 10 === 0)
              assert.deepEqual(plain(await store.get(read)), plain(record ? [record] : []), `a task after ${where}`);
            known[place] = record?.head ?? head;
          }
        }
        await model.close();
      }
    },
  ),
];

/** An answer as JSON, with entries in one order. */
function plain(answer: unknown): unknown {
  return JSON.parse(JSON.stringify(answer), (key, value: unknown) => {
    if (key !== 'entries' || !Array.isArray(value)) return value;
    return value.map((entry) => JSON.stringify(entry, ['kind', 'name', 'value'])).sort();
  }) as unknown;
}
