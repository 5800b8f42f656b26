import assert from 'node:assert/strict';
import { entryBytes, memoryStore, type TaskEntry, TaskError, type TaskStore } from '@mcp-tasks/store';
import type { ContractCase } from '../api/contract-case.ts';
import type { StoreCost, StoreData, StoreHarness } from '../api/harness.ts';
import { countOverlaps } from '../fakes/timed-store.ts';
import type { RacerInput, RacerName, RacerOutput } from '../sides/racers.ts';
import { SERVER_PAST_MS } from '../sides/records.ts';
import { connectionSide, type ProcessSide, type Side, startProcessSide } from '../sides/sides.ts';

/** Rounds of a race that always run, and those after which a race that never came about fails. */
const ROUNDS = 8;
const MAX_ROUNDS = 100;
/** Time for a start signal to reach a process. */
const START_DELAY_NS = 15_000_000n;

/** The work of one side of a race. */
interface Racer<Name extends RacerName> {
  readonly racer: Name;
  readonly input: RacerInput<Name>;
}

/** Release both sides together; what each found. */
export type Race = <Left extends RacerName, Right extends RacerName>(
  left: Racer<Left>,
  right: Racer<Right>,
) => Promise<[RacerOutput<Left>, RacerOutput<Right>]>;

/** Tools of a case: data of its own and two connections to them. */
export interface CaseKit {
  /** The present of the case: what comes after it by half a day at most may expire and become due, in every store. */
  readonly nowMs: number;
  /** The store is on a server, whose present is half a day after {@link CaseKit.nowMs}. */
  readonly hasServerTime: boolean;
  readonly data: StoreData;
  /** Make a store in memory that answers as the store must. */
  readonly model: () => TaskStore;
  /** Count the bytes of entries as the store must count them. */
  readonly bytesOf: (entries: readonly TaskEntry[]) => number;
  readonly store: TaskStore;
  /** A second connection to the same data. */
  readonly other: TaskStore;
  /** One more connection; closed at the end. */
  readonly connect: () => Promise<TaskStore>;
  /** One more process; killed at the end. Fails when the harness has none. */
  readonly startProcess: () => Promise<ProcessSide>;
  /**
   * Run a race some times, through two connections, and through two processes where the store has them.
   * Fails when the sides were never inside the store at once.
   */
  readonly contend: (round: (race: Race) => Promise<void>) => Promise<void>;
  /** Measure the cost of a piece of work. Fails when the harness cannot count. */
  readonly costOf: (work: () => Promise<unknown>) => Promise<StoreCost>;
}

/** Make a case: its body gets data of its own, and everything that it opens is closed and removed after it. */
export function contractCase(
  described: Pick<ContractCase, 'id' | 'title' | 'promise'>,
  body: (kit: CaseKit) => Promise<void>,
): ContractCase {
  return {
    ...described,
    async run(harness) {
      const data = await harness.create();
      const opened: (() => Promise<void>)[] = [];
      try {
        await body(await caseKit(data, opened, harness));
      } finally {
        for (const release of opened.reverse()) await release();
        await data.destroy();
      }
    },
  };
}

async function caseKit(
  data: StoreData,
  opened: (() => Promise<void>)[],
  { hasServerTime = false, model, entryBytes: bytesOfOne = entryBytes }: Omit<StoreHarness, 'create'>,
): Promise<CaseKit> {
  const connect = async (): Promise<TaskStore> => {
    const store = await data.connect();
    opened.push(() => closeQuietly(store));
    return store;
  };
  const startProcess = async (): Promise<ProcessSide> => {
    assert.ok(data.process, 'the harness names no `process`: a store that lives in one process skips this case');
    const side = await startProcessSide(data.process);
    opened.push(() => side.kill());
    return side;
  };
  const store = await connect();
  const other = await connect();
  return {
    nowMs: Date.now() - (hasServerTime ? SERVER_PAST_MS : 0),
    hasServerTime,
    data,
    model: () => model?.() ?? memoryStore(),
    bytesOf: (entries) => entries.reduce((bytes, entry) => bytes + bytesOfOne(entry), 0),
    store,
    other,
    connect,
    startProcess,
    async contend(round) {
      const left = connectionSide(store);
      await contendBetween({ who: 'two connections', left, right: connectionSide(other) }, round);
      if (data.process === undefined) return;
      const right = await startProcess();
      await contendBetween({ who: 'two processes', left, right, startDelayNs: START_DELAY_NS }, round);
    },
    async costOf(work) {
      assert.ok(data.cost, 'the harness counts no `cost`: a store whose cost cannot be counted skips this case');
      const before = await data.cost();
      await work();
      const after = await data.cost();
      return { operations: after.operations - before.operations, bytes: after.bytes - before.bytes };
    },
  };
}

/** After a crash, a connection may have nothing left to close. */
async function closeQuietly(store: TaskStore): Promise<void> {
  await store.close().catch((error: unknown) => {
    if (!TaskError.is(error)) throw error;
  });
}

interface Contenders {
  readonly who: string;
  readonly left: Side;
  readonly right: Side;
  /** How far ahead the common start is; absent = at once, in the same turn of the event loop. */
  readonly startDelayNs?: bigint;
}

async function contendBetween(
  { who, left, right, startDelayNs }: Contenders,
  round: (race: Race) => Promise<void>,
): Promise<void> {
  let overlaps = 0;
  const race: Race = async (one, another) => {
    const startNs = startDelayNs && process.hrtime.bigint() + startDelayNs;
    const [first, second] = await Promise.all([
      left.run(one.racer, one.input, startNs),
      right.run(another.racer, another.input, startNs),
    ]);
    overlaps += countOverlaps(first.spans, second.spans);
    return [first.output, second.output];
  };
  for (let count = 0; count < ROUNDS || (overlaps === 0 && count < MAX_ROUNDS); count += 1) {
    try {
      await round(race);
    } catch (error) {
      if (error instanceof assert.AssertionError) error.message = `${error.message} (between ${who})`;
      throw error;
    }
  }
  assert.ok(overlaps > 0, `${who} were never inside the store at once: the race did not come about`);
}
