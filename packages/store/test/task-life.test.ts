import { isTerminalStatus } from '@mcp-tasks/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { memoryStore, TASK_ENTRY_KINDS, TaskError, type TaskLease, type TaskRecord } from '../src/index.ts';
import { applyRule, type Claim, type Rule, rules } from '../src/rules.ts';
import { transitionError } from '../src/rules/rule.ts';
import { fakeClock } from './fake-clock.ts';
import { aroundStore, unavailable } from './faulty-store.ts';
import { HOUR_MS, newTask, T0_MS } from './heads.ts';

const LEASE_MS = 20_000;
/** What may meet somebody who knows too little of the task, or whose answers are lost too often. */
const REFUSALS = ['RUN_ENDED', 'TASK_NOT_FOUND', 'TASK_ALREADY_TERMINAL', 'STORE_UNAVAILABLE'];
const KEYS = ['a', 'b', 'c'] as const;

/** One thing that somebody does to the task: a process that runs it, a client, or time. */
type Act =
  | { readonly does: 'claim'; readonly by: string }
  | { readonly does: 'complete' | 'fail' | 'interrupt' | 'park' | 'release' | 'checkpoint'; readonly by: string }
  | { readonly does: 'ask'; readonly by: string; readonly key: string }
  | { readonly does: 'answer'; readonly keys: readonly string[] }
  | { readonly does: 'cancel' }
  | { readonly does: 'wait'; readonly ms: number };

const processes = fc.constantFrom('p', 'q');
const acts: fc.Arbitrary<Act> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ does: fc.constant('claim' as const), by: processes }) },
  {
    weight: 3,
    arbitrary: fc.record({
      does: fc.constantFrom('park' as const, 'release' as const, 'checkpoint' as const),
      by: processes,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ does: fc.constant('ask' as const), by: processes, key: fc.constantFrom(...KEYS) }),
  },
  { weight: 3, arbitrary: fc.record({ does: fc.constant('answer' as const), keys: fc.subarray([...KEYS]) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      does: fc.constantFrom('complete' as const, 'fail' as const, 'interrupt' as const),
      by: processes,
    }),
  },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('cancel' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({ does: fc.constant('wait' as const), ms: fc.constantFrom(1, LEASE_MS, HOUR_MS / 2) }),
  },
);

/** The task in the hands of processes that know only the leases they were given, some of them long over. */
class World {
  readonly clock = fakeClock();
  readonly #inner = memoryStore();
  /** Whether the answer of the next update is lost; taken in turn. */
  readonly #losses: boolean[];
  readonly #leases = new Map<string, TaskLease>();
  readonly seen: TaskRecord[] = [];
  readonly store = aroundStore(this.#inner, {
    afterUpdate: async () => {
      await this.#look();
      if (this.#losses.shift() === true) throw unavailable();
    },
  });

  constructor(losses: readonly boolean[]) {
    this.#losses = [...losses];
  }

  async begin(): Promise<void> {
    await this.#inner.create(newTask({ holder: 'p', dueAtMs: T0_MS + LEASE_MS }));
    await this.#look();
  }

  async do(act: Act): Promise<void> {
    if (act.does === 'wait') {
      this.clock.setMs(this.clock.nowMs() + act.ms);
      return;
    }
    const rule = this.#ruleOf(act);
    // A clock whose timers fire at once: what is lost is sent again without time going by.
    const clock = {
      nowMs: () => this.clock.nowMs(),
      after: (_ms: number, fire: () => void) => (queueMicrotask(fire), () => undefined),
    };
    try {
      const { value } = await applyRule(this.store, clock, 'task-1', rule);
      const claim = value as Claim;
      if (act.does === 'claim' && claim.status === 'claimed') this.#leases.set(act.by, claim.lease);
    } catch (error) {
      if (!TaskError.is(error) || !REFUSALS.includes(error.code)) throw error;
    }
  }

  #ruleOf(act: Exclude<Act, { readonly does: 'wait' }>): Rule<unknown> {
    const responses = { action: 'accept' };
    if (act.does === 'cancel') return rules.cancel();
    if (act.does === 'answer') return rules.answer(Object.fromEntries(act.keys.map((key) => [key, responses])));
    const lease = this.#leases.get(act.by) ?? { taskId: 'task-1', attempt: 0, holder: act.by };
    switch (act.does) {
      case 'claim':
        return rules.claim({ holder: act.by, leaseMs: LEASE_MS, onCrash: 'rerun', maxCrashes: 3 });
      case 'ask':
        return rules.ask(lease, act.key, { method: 'elicitation/create', params: {} }, { maxOpenQuestions: 16 });
      case 'checkpoint':
        return rules.effects(lease, { put: [{ kind: 'checkpoint', name: `${lease.attempt}`, value: lease.holder }] });
      case 'complete':
        return rules.complete(lease, { result: { content: [] }, keepResultMs: 0 });
      case 'fail':
        return rules.fail(lease, { code: 1, message: 'x' }, 0);
      case 'interrupt':
        return rules.interrupt(lease, 0);
      case 'park':
        return rules.park(lease);
      case 'release':
        return rules.release(lease);
    }
  }

  async #look(): Promise<void> {
    const [record] = await this.#inner.get({ taskIds: ['task-1'], kinds: TASK_ENTRY_KINDS, nowMs: this.clock.nowMs() });
    // A write that lost its race changed nothing.
    if (record !== undefined && record.head.version !== this.seen.at(-1)?.head.version) this.seen.push(record);
  }
}

function expectSound({ head, entries }: TaskRecord): void {
  const isOver = isTerminalStatus(head.status);
  const count = (kind: string) => entries.filter((entry) => entry.kind === kind).length;
  expect(head.status === 'input_required').toBe(head.openQuestions.length > 0);
  expect(new Set(head.openQuestions).size).toBe(head.openQuestions.length);
  if (isOver) expect(head).toMatchObject({ dueAtMs: null, openQuestions: [] });
  // Whoever holds a task does so until an instant, and nobody holds one that is over or parked.
  if (isOver || head.dueAtMs === null) expect(head).not.toHaveProperty('holder');
  expect(count('result')).toBe(Number(head.status === 'completed'));
  expect(count('error')).toBe(Number(head.status === 'failed'));
  expect(head.crashCount).toBeLessThanOrEqual(3);
}

const checkpoints = (record: TaskRecord) => record.entries.filter((entry) => entry.kind === 'checkpoint');

function expectStep({ head: before, ...rest }: TaskRecord, { head: after, entries }: TaskRecord): void {
  const [old, present] = [checkpoints({ head: before, ...rest }), checkpoints({ head: after, entries })];
  // Whoever wrote a checkpoint was the holder of the present attempt.
  for (const { name, value } of present.slice(old.length)) {
    expect([name, value]).toEqual([String(before.attempt), before.holder]);
  }
  expect(after.version).toBe(before.version + 1);
  expect(after.attempt - before.attempt).toBeOneOf([0, 1]);
  expect(after.lastUpdatedAtMs).toBeGreaterThanOrEqual(before.lastUpdatedAtMs);
  if (after.status !== before.status) expect(transitionError('task-1', before.status, after.status)).toBeUndefined();
  else expect(isTerminalStatus(after.status)).toBe(false);
}

describe('the life of a task', () => {
  it('[TYPE-03] [DURA-04] [DURA-08] [TEST-07] stays sound whatever two processes, a client, time and lost answers do', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(acts, { maxLength: 40 }),
        fc.array(fc.boolean(), { maxLength: 40 }),
        async (all, losses) => {
          const world = new World(losses);
          await world.begin();
          for (const act of all) await world.do(act);
          for (const [place, record] of world.seen.entries()) {
            expectSound(record);
            const before = world.seen[place - 1];
            if (before !== undefined) expectStep(before, record);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it('[DURA-04] [TEST-04] [TEST-07] stays sound when all of it happens at once', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(acts, { maxLength: 20 }),
        fc.array(fc.array(acts, { maxLength: 10 }), { maxLength: 5 }),
        async (before, rounds) => {
          const world = new World([]);
          await world.begin();
          for (const act of before) await world.do(act);
          for (const round of rounds) await Promise.all(round.map((act) => world.do(act)));
          const versions = new Map(world.seen.map((record) => [record.head.version, record]));
          for (const record of versions.values()) expectSound(record);
          const ends = [...versions.values()].filter(({ head }) => isTerminalStatus(head.status));
          expect(new Set(ends.map(({ head }) => head.status)).size).toBeLessThanOrEqual(1);
          expect(ends.length).toBeLessThanOrEqual(1);
        },
      ),
      { numRuns: 200 },
    );
  });
});
