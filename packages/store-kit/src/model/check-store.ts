import assert from 'node:assert/strict';
import { entryBytes, TASK_ENTRY_KINDS, type TaskStore } from '@mcp-tasks/store';
import { checkOptions, option, type OptionTableOf } from '@mcp-tasks/wire';
import type { StoreData, StoreHarness } from '../api/harness.ts';
import { type LaneInput, type MadeCall, type PlannedCall, runLane } from '../sides/lane.ts';
import { type RandomNumbers, randomNumbers } from '../sides/random-numbers.ts';
import { SERVER_PAST_MS } from '../sides/records.ts';
import { connectionSide, type Side, startProcessSide } from '../sides/sides.ts';
import { BrokenRule } from './broken-rule.ts';
import { countAnswers } from './count-answers.ts';
import { failureText } from './failure-text.ts';
import { STEP_MS } from './limits.ts';
import { planRound } from './plan-round.ts';
import { StoredTasks } from './stored-tasks.ts';
import type { CountBytes } from './task-state.ts';

/** Calls that are remembered for a failure. */
const REMEMBERED_CALLS = 20_000;
/** Rounds upon the same data: their time is some hours. */
const MAX_ROUNDS = 5_000;

/**
 * Options of {@link checkStore}.
 *
 * @example
 * const options: CheckStoreOptions = { seed: 7, operations: 100_000 };
 */
export interface CheckStoreOptions {
  /** Fixes the random choices; when calls meet is the machine's choice. Default 1. */
  readonly seed?: number | undefined;
  /** Calls to make, at least. Default 2,000. */
  readonly operations?: number | undefined;
  /** Connections that work at once, from 1; a process of its own is one more where the harness has it. Default 3. */
  readonly connections?: number | undefined;
}

const OPTIONS: OptionTableOf<CheckStoreOptions> = {
  seed: option.integer(0),
  operations: option.integer(1),
  connections: option.integer(1),
};

/** Result of a check. */
export interface CheckStoreReport {
  /** Calls that were made. */
  readonly operations: number;
  /** How many answers of each kind were given, for instance `create existing`. */
  readonly answers: ReadonlyMap<string, number>;
}

/**
 * Check a store against a model: random calls from several connections at once, some of whose answers are lost, some
 * sent again, each checked against one sequential record of its task.
 *
 * The calls come in rounds. All calls of a round have one `nowMs`, later than that of the round before, and a round
 * ends with a look at every task. A store that `hasServerTime` gets times in the past half day.
 *
 * @throws {AssertionError} an answer fits no sequential record or breaks a promise of the port; the message has the
 *   seed, the rule, and the calls on that task in order.
 *
 * @example
 * declare const harness: StoreHarness;
 * const { operations } = await checkStore(harness, { seed: 7, operations: 100_000, connections: 4 });
 */
export async function checkStore(harness: StoreHarness, options: CheckStoreOptions = {}): Promise<CheckStoreReport> {
  checkOptions('checkStore', options, OPTIONS);
  const { seed = 1, operations = 2_000, connections = 3 } = options;
  const random = randomNumbers(seed);
  const countBytes: CountBytes = (entry) => harness.entryBytes?.(entry) ?? entryBytes(entry);
  const answers = new Map<string, number>();
  let made = 0;
  for (let part = 1; made < operations; part += 1) {
    const data = await harness.create();
    const opened: (() => Promise<void>)[] = [];
    try {
      const sides = await openSides(data, connections, opened);
      const startMs = Date.now() - (harness.hasServerTime === true ? SERVER_PAST_MS : 0);
      const name = `part ${part} of checkStore(harness, ${JSON.stringify({ seed, operations, connections })})`;
      made += await checkRounds({
        ...sides,
        countBytes,
        random,
        name,
        answers,
        operations: operations - made,
        startMs,
      });
    } finally {
      for (const close of opened.reverse()) await close();
      await data.destroy();
    }
  }
  return { operations: made, answers };
}

interface Sides {
  readonly stores: readonly TaskStore[];
  /** By the name of the lane. */
  readonly sides: ReadonlyMap<string, Side>;
}

async function openSides(data: StoreData, connections: number, opened: (() => Promise<void>)[]): Promise<Sides> {
  const stores: TaskStore[] = [];
  const sides = new Map<string, Side>();
  for (let number = 1; number <= connections; number += 1) {
    const store = await data.connect();
    opened.push(() => store.close());
    stores.push(store);
    sides.set(`connection ${number}`, connectionSide(store));
  }
  if (data.process !== undefined) {
    const side = await startProcessSide(data.process);
    opened.push(() => side.kill());
    sides.set('process', side);
  }
  return { stores, sides };
}

interface Check extends Sides {
  readonly countBytes: CountBytes;
  readonly random: RandomNumbers;
  /** Names the check in a failure. */
  readonly name: string;
  readonly operations: number;
  readonly startMs: number;
  /** Counts of answers, to add to. */
  readonly answers: Map<string, number>;
}

/** Check rounds upon the same data. @returns the number of calls. */
async function checkRounds({
  countBytes,
  random,
  name,
  operations,
  startMs,
  stores,
  sides,
  answers,
}: Check): Promise<number> {
  const stored = new StoredTasks(countBytes);
  let remembered: MadeCall[] = [];
  let made = 0;
  let nowMs = startMs;
  for (let round = 1; made < operations && round <= MAX_ROUNDS; round += 1) {
    nowMs = nextMs(random, nowMs, stored);
    stored.moveTo(nowMs);
    const { heads } = stored;
    const lanes = planRound(random, { nowMs, heads, expiredIds: stored.expired.ids(), lanes: [...sides.keys()] });
    const calls = await runRound(lanes, sides);
    const taskIds = [...(lanes[0]?.heads ?? []).map(({ taskId }) => taskId), ...stored.expired.ids()];
    calls.push(...(await readAll(random.pick(stores), taskIds, nowMs)));
    remembered = [...remembered, ...calls].slice(-REMEMBERED_CALLS);
    try {
      stored.check(nowMs, calls);
    } catch (error) {
      if (!(error instanceof BrokenRule)) throw error;
      assert.fail(`Round ${round} of ${name}: ${failureText(error, remembered, calls)}`);
    }
    countAnswers(calls, answers);
    made += calls.length;
  }
  return made;
}

/** Choose the time of the next round: at times the very one at which a task expires or is due, or the last before. */
function nextMs(random: RandomNumbers, nowMs: number, { heads }: StoredTasks): number {
  const anyMs = nowMs + 1 + random.below(STEP_MS);
  const timesMs = heads.flatMap(({ expiresAtMs, dueAtMs }) => [expiresAtMs, dueAtMs ?? 0]);
  const soonMs = timesMs.flatMap((ms) => [ms, ms - 1]).filter((ms) => ms > nowMs && ms <= nowMs + STEP_MS);
  return soonMs.length > 0 && random.chance(0.5) ? random.pick(soonMs) : anyMs;
}

/** Run all lanes at once. @returns their calls in the order in which they began. */
async function runRound(lanes: readonly LaneInput[], sides: Sides['sides']): Promise<MadeCall[]> {
  const runLaneOf = async (lane: LaneInput) => (await sides.get(lane.lane)?.run('lane', lane))?.output ?? [];
  const calls = (await Promise.all(lanes.map(runLaneOf))).flat();
  return calls.sort((one, other) => (one.fromNs < other.fromNs ? -1 : 1));
}

/** Read every task, as the end of a round. */
function readAll(store: TaskStore, taskIds: readonly string[], nowMs: number): Promise<MadeCall[]> {
  const call: PlannedCall = { method: 'get', input: { taskIds, kinds: TASK_ENTRY_KINDS, nowMs } };
  return runLane(store, { lane: 'the end of the round', width: 1, heads: [], calls: [call] });
}
