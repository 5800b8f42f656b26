import assert from 'node:assert/strict';
import {
  type ClaimTasks,
  TASK_ENTRY_KINDS,
  type TaskEntry,
  type TaskHead,
  type TaskHeadPatch,
  type TaskRecord,
  type TaskStore,
  type UpdateTask,
} from '@mcp-tasks/store';
import { TASK_STATUSES } from '@mcp-tasks/wire';
import { type RandomNumbers, randomNumbers } from '../sides/random-numbers.ts';
import { claimOf, creation, DAY_MS, HOUR_MS, limitsOf, newTask, updateOf } from '../sides/records.ts';
import { contractCase } from './case-kit.ts';

const STEPS = 250;
const SEEDS = [1, 20_260_728];
/** Lifetime of a task, roughly; a step moves time by a twentieth of it at most. */
const LIFE_MS = HOUR_MS / 3;
/** Longer than the steps of a seed take, and the tasks that they leave live. */
const SEED_MS = 6 * HOUR_MS;

type Call = (store: TaskStore) => Promise<unknown>;

/** Ingredients of a random call. */
interface CallPlace {
  readonly random: RandomNumbers;
  /** The tasks so far; a create adds its own. */
  readonly known: TaskHead[];
  readonly nowMs: number;
  readonly maxStoredBytes: number;
}

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
    progressAtMs: pick([nowMs, null]),
    joinState: pick(['held', 'left', 'told', null]),
    dueAtMs: pick([null, nowMs - below(LIFE_MS), nowMs + below(LIFE_MS)]),
    openQuestions: pick([[], ['q'], ['p', 'q']]),
    resultError: pick(['no', null]),
  };
  return Object.fromEntries(Object.entries(fields).filter(() => chance(0.3)));
}

/** An update with random arguments. */
function randomUpdate({ random, nowMs, maxStoredBytes }: CallPlace, head: TaskHead): UpdateTask {
  const { pick, chance } = random;
  const expected = chance(0.8) ? head : { version: head.version, writeId: 'another' };
  const put = randomEntries(random);
  const isPut = (entry: TaskEntry) => put.some(({ kind, name }) => kind === entry.kind && name === entry.name);
  const deleted = randomEntries(random).filter((entry) => !isPut(entry));
  const patch = {
    head: randomPatch(random, nowMs),
    put,
    delete: deleted.map(({ kind, name }) => ({ kind, name })),
  };
  return updateOf(head, patch, nowMs, { expected, maxStoredBytes: pick([undefined, maxStoredBytes]) });
}

/** A claim with random arguments. */
function randomClaim({ below, pick, chance }: RandomNumbers, { taskId, owner }: TaskHead, nowMs: number): ClaimTasks {
  return claimOf(nowMs, {
    handlers: [{ name: 'tool', suspectCrashCount: 1 }, { name: pick(['other', 'unknown']) }],
    queues: pick([[''], ['engine'], ['', 'engine']]),
    taskIds: chance(0.2) ? [taskId] : undefined,
    holder: pick(['process-1', 'process-2']),
    leaseMs: 1 + below(LIFE_MS),
    limit: 1 + below(3),
    perOwner: 1 + below(2),
    owners: pick([undefined, [{ owner, limit: below(2) }]]),
    afterOwner: pick([undefined, ...OWNERS]),
    suspects: below(2),
    takesLostRuns: chance(0.7),
  });
}

/** One call with random arguments, to be made of both stores. */
function randomCall(place: CallPlace): Call {
  const { random, known, nowMs, maxStoredBytes } = place;
  const { below, pick, chance } = random;
  const owner = pick(OWNERS);
  const head = known.length > 0 && chance(0.9) ? pick(known) : newTask(nowMs);
  const { taskId } = head;
  const calls: [weight: number, make: () => Call][] = [
    [
      3,
      () => {
        const limits = { ...limitsOf(6, 9), maxStoredBytes };
        const made = newTask(nowMs, {
          owner,
          ttlMs: 1 + below(2 * LIFE_MS),
          dueAtMs: pick([null, nowMs]),
          handler: pick(['tool', 'other']),
          queue: pick(['', 'engine']),
          joinKey: pick([undefined, 'join', 'other']),
          joinState: pick([undefined, 'held']),
        });
        const entries = randomEntries(random);
        const idempotencyKey = pick([undefined, undefined, 'a', 'b']);
        known.push(made);
        return (store) => store.create(creation(made, { entries, limits, idempotencyKey }));
      },
    ],
    [
      5,
      () => {
        const update = randomUpdate(place, head);
        return (store) => store.update(update);
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
        return store.due({ handlers: ['tool', 'other'], queues: ['', 'engine'], limit: 1_000, nowMs });
      },
    ],
    [
      2,
      () => {
        const claim = randomClaim(random, head, nowMs);
        return async (store) => {
          const { records, nextDueAtMs, ...rest } = await store.claim(claim);
          return {
            ...rest,
            records: sortedById(records),
            ...(claim.taskIds === undefined && { nextDueAtMs }),
          };
        };
      },
    ],
    [1, () => (store) => store.findJoinable({ owner, joinKey: 'join', nowMs })],
    [
      2,
      () => {
        const lease = { taskId, attempt: below(3), holder: pick(['process-1', 'process-2']) };
        const leaseMs = below(LIFE_MS);
        return (store) => store.renew({ leases: [lease], leaseMs, nowMs });
      },
    ],
    [
      1,
      () => {
        const limit = 1 + below(5);
        // Which of several that expired at once are removed is the store's choice.
        return async (store) => (await store.deleteExpired({ nowMs, limit })).length;
      },
    ],
  ];
  return pick(calls.flatMap(([weight, make]) => Array.from({ length: weight }, () => make)))();
}

function sortedById(records: readonly TaskRecord[]): readonly TaskRecord[] {
  return [...records].sort((one, other) => (one.head.taskId < other.head.taskId ? -1 : 1));
}

/** Promise 2, second half: all stores agree. */
export const agreementCases = [
  contractCase(
    { id: 'agrees', promise: 2, title: '[TEST-04][TEST-07] answers random calls like the memory store' },
    async ({ store, other, nowMs, model: makeModel, bytesOf }) => {
      // As many bytes as 30 small entries have.
      const maxStoredBytes = 30 * bytesOf([{ kind: 'variable', name: 'a', value: '10' }]);
      for (const [index, seed] of SEEDS.entries()) {
        const random = randomNumbers(seed);
        const model = makeModel();
        const known: TaskHead[] = [];
        // Each seed has a time of its own, and nothing that the one before left.
        let atMs = nowMs + index * SEED_MS;
        await store.deleteExpired({ nowMs: atMs, limit: 10_000 });
        for (let step = 1; step <= STEPS; step += 1) {
          atMs += random.below(LIFE_MS / 20);
          const call = randomCall({ random, known, nowMs: atMs, maxStoredBytes });
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
  return JSON.parse(JSON.stringify(answer ?? null), (key, value: unknown) => {
    if (key !== 'entries' || !Array.isArray(value)) return value;
    return value.map((entry) => JSON.stringify(entry, ['kind', 'name', 'value'])).sort();
  }) as unknown;
}
