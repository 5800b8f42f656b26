import { TASK_ENTRY_KINDS, type TaskEntry, type TaskHeadPatch } from '@mcp-tasks/store';
import type { PlannedCall } from '../sides/lane.ts';
import type { RandomNumbers } from '../sides/random-numbers.ts';
import { newTask } from '../sides/records.ts';
import type { Choices } from './choices.ts';
import { HANDLERS, HOLDERS, JOIN_KEYS, MODEL_LIMITS, QUEUES, STEP_MS } from './limits.ts';

/** Plan a create: queued, parked or claimed already, with a key and a join key at times. */
export function planCreate(choices: Choices): PlannedCall {
  const { random, nowMs } = choices;
  const { below, pick, chance, id } = random;
  const joinKey = pick([undefined, ...JOIN_KEYS]);
  const isHeld = chance(0.2);
  const head = newTask(nowMs, {
    taskId: id(),
    writeId: id(),
    owner: choices.owner(),
    handler: pick(HANDLERS),
    queue: pick(QUEUES),
    ttlMs: 1 + below(chance(0.6) ? 4 * STEP_MS : 30 * STEP_MS),
    dueAtMs: isHeld ? nowMs + 1 + below(2 * STEP_MS) : pick([null, nowMs]),
    ...(isHeld && { attempt: 1, holder: pick(HOLDERS) }),
    ...(joinKey !== undefined && { joinKey, joinState: pick(['held', 'left', 'told'] as const) }),
  });
  choices.known.push(head);
  const idempotencyKey = pick([undefined, undefined, undefined, undefined, 'key', 'Key']);
  const input = { head, entries: randomEntries(random), idempotencyKey, limits: MODEL_LIMITS, nowMs };
  return { method: 'create', input, fates: choices.fates() };
}

/** Plan an update of some fields and entries. */
export function planUpdate(choices: Choices): PlannedCall {
  const { below, pick, chance } = choices.random;
  const { nowMs } = choices;
  const fields: TaskHeadPatch = {
    status: pick(['working', 'input_required']),
    progress: pick([{ done: below(9) }, { done: 1, total: 2, message: 'm' }, null]),
    ttlMs: below(30 * STEP_MS),
    expiresAtMs: nowMs + 1 + below(12 * STEP_MS),
    crashCount: 0,
    holder: null,
    dueAtMs: pick([null, nowMs, nowMs + below(2 * STEP_MS)]),
    progressAtMs: pick([nowMs, null]),
    openQuestions: pick([[], ['q'], ['p', 'q']]),
    joinState: pick(['held', 'left', 'told', 'fetched', null]),
  };
  return planWrite(choices, Object.fromEntries(Object.entries(fields).filter(() => chance(0.25))));
}

/** Plan an update that ends a task. */
export function planEnd(choices: Choices): PlannedCall {
  const status = choices.random.pick(['completed', 'failed', 'cancelled'] as const);
  return planWrite(choices, { status, holder: null, dueAtMs: null, openQuestions: [] });
}

function planWrite(choices: Choices, head: TaskHeadPatch): PlannedCall {
  const { random, nowMs } = choices;
  const put = randomEntries(random);
  const isPut = (entry: TaskEntry) => put.some(({ kind, name }) => kind === entry.kind && name === entry.name);
  const deleted = randomEntries(random).filter((entry) => !isPut(entry));
  const writeId = random.id();
  const patch = {
    head: { ...head, statusMessage: writeId, lastUpdatedAtMs: nowMs },
    put,
    delete: deleted.map(({ kind, name }) => ({ kind, name })),
  };
  const base = random.chance(0.5) ? 'newest' : random.pick(['first', 'first', 'forged'] as const);
  const { maxStoredBytes } = MODEL_LIMITS;
  const input = { taskId: choices.taskId(), writeId, patch, maxStoredBytes, nowMs };
  return { method: 'update', base, input, fates: choices.fates() };
}

function randomEntries({ below, pick }: RandomNumbers): TaskEntry[] {
  const entries = Array.from({ length: below(3) }, () => ({
    kind: pick(TASK_ENTRY_KINDS),
    name: pick(['', 'a', 'bé']),
    value: JSON.stringify('é'.repeat(below(9)) + String(below(1_000))),
  }));
  // An entry is in a write once.
  return [...new Map(entries.map((entry) => [`${entry.kind} ${entry.name}`, entry])).values()];
}
