import { TASK_ENTRY_KINDS } from '@mcp-tasks/store';
import type { LaneInput, PlannedCall } from '../sides/lane.ts';
import type { RandomNumbers } from '../sides/random-numbers.ts';
import { claimOf } from '../sides/records.ts';
import { Choices, type RoundStart } from './choices.ts';
import { HANDLERS, HOLDERS, JOIN_KEYS, LEASE_MS, QUEUES, STEP_MS } from './limits.ts';
import { planCreate, planEnd, planUpdate } from './plan-writes.ts';

/** Calls of one lane in a round. */
const LANE_CALLS = 12;

const PLANS: readonly (readonly [weight: number, plan: (choices: Choices) => PlannedCall])[] = [
  [5, planCreate],
  [13, planUpdate],
  [3, planEnd],
  [4, planGet],
  [1, planFind],
  [2, planList],
  [1, planDue],
  [4, planClaim],
  [3, planRenew],
  [1, planSweep],
  [2, ({ random }) => ({ method: 'again', place: random.below(LANE_CALLS) })],
];
const WEIGHTED = PLANS.flatMap(([weight, plan]) => Array.from({ length: weight }, () => plan));

/** Plan the calls of all lanes for one round. One round in four is calm: one lane, and one call at a time. */
export function planRound(random: RandomNumbers, start: RoundStart): LaneInput[] {
  const choices = new Choices(random, start, random.chance(0.25));
  const { isCalm } = choices;
  const busy = isCalm ? [random.pick(start.lanes)] : start.lanes;
  const planned = busy.map((lane) => ({
    lane,
    width: isCalm ? 1 : 1 + random.below(3),
    calls: Array.from({ length: LANE_CALLS }, () => random.pick(WEIGHTED)(choices)),
  }));
  // Tasks that are only to be created are known to all lanes, so that calls come before and beside their creation.
  return planned.map((lane) => ({ ...lane, heads: choices.known }));
}

function planGet(choices: Choices): PlannedCall {
  const { below, chance } = choices.random;
  const taskIds = Array.from({ length: 1 + below(6) }, () => choices.taskId());
  const kinds = TASK_ENTRY_KINDS.filter(() => chance(0.7));
  const owner = chance(0.4) ? choices.owner() : undefined;
  return { method: 'get', input: { taskIds, owner, kinds, nowMs: choices.nowMs } };
}

function planFind(choices: Choices): PlannedCall {
  const joinKey = choices.random.pick(JOIN_KEYS);
  return { method: 'findJoinable', input: { owner: choices.owner(), joinKey, nowMs: choices.nowMs } };
}

function planList(choices: Choices): PlannedCall {
  const { below, pick, chance } = choices.random;
  const place = choices.known.length > 0 && chance(0.4) ? pick(choices.known) : undefined;
  const after = place && { createdAtMs: place.createdAtMs, taskId: place.taskId };
  return { method: 'list', input: { owner: choices.owner(), after, limit: 1 + below(9), nowMs: choices.nowMs } };
}

function planDue(choices: Choices): PlannedCall {
  const { below, pick, chance } = choices.random;
  const { nowMs } = choices;
  const after = chance(0.3) ? { dueAtMs: nowMs - below(2 * STEP_MS), taskId: choices.taskId() } : undefined;
  const limit = 1 + below(20);
  const handlers = pick([HANDLERS, HANDLERS, ['tool'], { except: ['tool'] }, { except: [] }]);
  return { method: 'due', input: { handlers, queues: pick([QUEUES, ['']]), after, limit, nowMs } };
}

function planClaim(choices: Choices): PlannedCall {
  const { below, pick, chance, id } = choices.random;
  const input = claimOf(choices.nowMs, {
    handlers: [{ name: 'tool', suspectCrashCount: 1 }, { name: pick(['other', 'unknown']) }],
    queues: pick([[''], ['engine'], QUEUES]),
    taskIds: chance(0.3) ? [choices.taskId(), choices.taskId()] : undefined,
    holder: pick(HOLDERS),
    writeId: id(),
    leaseMs: LEASE_MS + below(2 * STEP_MS),
    limit: 1 + below(3),
    perOwner: 1 + below(2),
    owners: pick([undefined, [{ owner: choices.owner(), limit: below(2) }]]),
    afterOwner: choices.turn(),
    suspects: below(2),
    takesLostRuns: chance(0.7),
  });
  return { method: 'claim', input, fates: choices.fates() };
}

function planRenew(choices: Choices): PlannedCall {
  const { below } = choices.random;
  const taskIds = [...new Set(Array.from({ length: 1 + below(5) }, () => choices.taskId()))];
  const input = { leaseMs: LEASE_MS + below(2 * STEP_MS), nowMs: choices.nowMs };
  return { method: 'renew', taskIds, input, fates: choices.fates() };
}

function planSweep(choices: Choices): PlannedCall {
  const { below, chance } = choices.random;
  const limit = chance(0.3) ? 100 : 1 + below(6);
  return { method: 'deleteExpired', input: { nowMs: choices.nowMs, limit }, fates: choices.fates() };
}
