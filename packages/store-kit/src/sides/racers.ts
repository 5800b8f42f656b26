import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import {
  type ClaimOutcome,
  type ClaimTasks,
  type Clock,
  type CreateTask,
  type TaskEntryKind,
  TaskError,
  type TaskHead,
  type TaskStore,
  type UpdateTask,
} from '@mcp-tasks/store';
import { applyRule, rules } from '@mcp-tasks/store/rules';
import { type LaneInput, type MadeCall, runLane } from './lane.ts';
import { newTask, ROOMY_LIMITS, updateAt, updateOf } from './records.ts';

/** Outcome of a call of the store. Errors travel by code, so that processes can tell each other. */
export type RaceAnswer<Value> =
  { readonly status: 'answered'; readonly answer: Value } | { readonly status: 'failed'; readonly code: string };

/** A rule by name, with its arguments: what processes can tell each other to apply. */
export type RuleCall = {
  [Name in keyof typeof rules]: { readonly rule: Name; readonly args: Parameters<(typeof rules)[Name]> };
}[keyof typeof rules];

/** Outcome of a rule. */
export type RuleEnd = RaceAnswer<{ readonly wrote: boolean; readonly value: unknown; readonly head: TaskHead }>;

/** A store's task as a reader under contention saw it. */
export interface Sighting {
  readonly head: TaskHead;
  /** Values by entry name. */
  readonly values: Readonly<Record<string, string>>;
}

/**
 * The work of the two sides of a race: by name, so that another process can do it too. Each begins with its first call
 * of the store before it first waits.
 */
export const racers = {
  /** Create tasks, all at once. */
  async creates(store: TaskStore, { tasks }: { readonly tasks: readonly CreateTask[] }) {
    return Promise.all(tasks.map((task) => outcome(store.create(task))));
  },

  /** Write patches, all at once. */
  async updates(store: TaskStore, { patches }: { readonly patches: readonly UpdateTask[] }) {
    return Promise.all(patches.map((patch) => outcome(store.update(patch))));
  },

  /** Apply rules to one task as this head shows it, all at once. */
  async rules(
    store: TaskStore,
    { head, nowMs, calls }: { readonly head: TaskHead; readonly nowMs: number; readonly calls: readonly RuleCall[] },
  ): Promise<RuleEnd[]> {
    return Promise.all(calls.map((call) => outcome(applyRuleCall(store, nowMs, head, call))));
  },

  /** Add entries one by one, each by compare-and-set from the head that the last answer brought. */
  async addEntries(
    store: TaskStore,
    input: { readonly head: TaskHead; readonly names: readonly string[]; readonly nowMs: number },
  ): Promise<void> {
    let { head } = input;
    for (const name of input.names) {
      for (;;) {
        const put = [{ kind: 'checkpoint' as const, name, value: '1' }];
        const answer = await store.update(updateOf(head, { head: {}, put }, input.nowMs));
        if (answer.status === 'not-found')
          throw new TaskError('TASK_NOT_FOUND', `The update lost task ${head.taskId}.`);
        head = answer.head;
        if (answer.status === 'updated') break;
      }
    }
  },

  /** Write the same text into the head and into two entries, again and again. */
  async writeText(
    store: TaskStore,
    input: { readonly head: TaskHead; readonly texts: readonly string[]; readonly nowMs: number },
  ): Promise<void> {
    const { taskId } = input.head;
    for (const [index, text] of input.texts.entries()) {
      const put = ['one', 'other'].map((name) => ({ kind: 'variable' as const, name, value: text }));
      const expectedVersion = input.head.version + index;
      const patch = { head: { statusMessage: text }, put };
      const answer = await store.update(updateAt(taskId, expectedVersion, patch, input.nowMs));
      assert.equal(answer.status, 'updated', 'the only writer of a task lost a race');
    }
  },

  /** Read a task again and again. */
  async readOften(
    store: TaskStore,
    input: {
      readonly taskId: string;
      readonly kinds: readonly TaskEntryKind[];
      readonly times: number;
      readonly nowMs: number;
    },
  ): Promise<Sighting[]> {
    const sightings: Sighting[] = [];
    for (let time = 0; time < input.times; time += 1) {
      for (const { head, entries } of await store.get({ ...input, taskIds: [input.taskId] })) {
        sightings.push({ head, values: Object.fromEntries(entries.map(({ name, value }) => [name, value])) });
      }
    }
    return sightings;
  },

  /** Create an owner's tasks one by one, each created a millisecond after the last. */
  async createOften(
    store: TaskStore,
    input: { readonly owner: string; readonly times: number; readonly fromMs: number; readonly nowMs: number },
  ): Promise<void> {
    for (let time = 0; time < input.times; time += 1) {
      const head = newTask(input.nowMs, { owner: input.owner, createdAtMs: input.fromMs + time });
      await store.create({ head, entries: [], limits: ROOMY_LIMITS, nowMs: input.nowMs });
    }
  },

  /** Read all pages of an owner, some times over; the ids of each time, in order. */
  async readPages(
    store: TaskStore,
    input: { readonly owner: string; readonly limit: number; readonly times: number; readonly nowMs: number },
  ): Promise<string[][]> {
    const readings: string[][] = [];
    for (let time = 0; time < input.times; time += 1) {
      const ids: string[] = [];
      for (let hasMore = true, last: TaskHead | undefined; hasMore;) {
        const after = last && { createdAtMs: last.createdAtMs, taskId: last.taskId };
        const page = await store.list({ owner: input.owner, limit: input.limit, nowMs: input.nowMs, after });
        ids.push(...page.heads.map(({ taskId }) => taskId));
        last = page.heads.at(-1);
        hasMore = page.hasMore && last !== undefined;
      }
      readings.push(ids);
    }
    return readings;
  },

  /** Remove expired tasks in batches until a batch is empty; how many in all. */
  async sweep(store: TaskStore, input: { readonly limit: number; readonly nowMs: number }): Promise<number> {
    let sum = 0;
    for (let deleted = -1; deleted !== 0; sum += deleted) deleted = (await store.deleteExpired(input)).length;
    return sum;
  },

  /** Move the end of leases, once. */
  async renew(store: TaskStore, input: Parameters<TaskStore['renew']>[0]): Promise<readonly TaskHead[]> {
    return store.renew(input);
  },

  /** Claim again and again, until a claim finds nothing; the ids of each claim. */
  async claims(store: TaskStore, { claim }: { readonly claim: ClaimTasks }): Promise<string[][]> {
    const claims: string[][] = [];
    for (;;) {
      const { records } = await store.claim({ ...claim, writeId: randomUUID() });
      if (records.length === 0) return claims;
      claims.push(records.map(({ head }) => head.taskId));
    }
  },

  /** Claim once. */
  async claim(store: TaskStore, { claim }: { readonly claim: ClaimTasks }): Promise<ClaimOutcome> {
    return store.claim(claim);
  },

  /** Read tasks, once. */
  async read(store: TaskStore, input: Parameters<TaskStore['get']>[0]) {
    return store.get(input);
  },

  /** Make calls of any kind; every call with its answer. */
  async lane(store: TaskStore, input: LaneInput): Promise<MadeCall[]> {
    return runLane(store, input);
  },
} as const;

/** The name of a racer. */
export type RacerName = keyof typeof racers;
/** Input of a racer. */
export type RacerInput<Name extends RacerName> = Parameters<(typeof racers)[Name]>[1];
/** Findings of a racer. */
export type RacerOutput<Name extends RacerName> = Awaited<ReturnType<(typeof racers)[Name]>>;

/** Apply a rule by its name to a task as this head shows it. */
export async function applyRuleCall(store: TaskStore, nowMs: number, head: TaskHead, call: RuleCall) {
  // Which arguments belong to which rule is said by the type of the call.
  const make = rules[call.rule] as (...args: unknown[]) => ReturnType<typeof rules.cancel>;
  const { wrote, value, head: now } = await applyRule({ store, clock: standingClock(nowMs) }, head, make(...call.args));
  return { wrote, value: value as unknown, head: now };
}

/** Tell what a call came to. Only typed errors are outcomes: any other is a fault, and thrown. */
export async function outcome<Value>(call: Promise<Value>): Promise<RaceAnswer<Value>> {
  try {
    return { status: 'answered', answer: await call };
  } catch (error) {
    if (!TaskError.is(error)) throw error;
    return { status: 'failed', code: error.code };
  }
}

/** A clock that stands still and whose waits are over at once. */
function standingClock(nowMs: number): Clock {
  return {
    nowMs: () => nowMs,
    after(_delayMs, callback) {
      const timer = setImmediate(callback);
      return () => {
        clearImmediate(timer);
      };
    },
  };
}
