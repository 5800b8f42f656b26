import { isTerminalStatus } from '@mcp-tasks/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  entryBytes,
  memoryStore,
  newWriteId,
  TASK_ENTRY_KINDS,
  TaskError,
  type TaskLease,
  type TaskRecord,
} from '../src/index.ts';
import { applyRule, crashFailure, resend, type Rule, rules } from '../src/rules.ts';
import { transitionError } from '../src/rules/rule.ts';
import { fakeClock } from './fake-clock.ts';
import { aroundStore, unavailable } from './faulty-store.ts';
import { HOUR_MS, newClaim, newTask, T0_MS } from './heads.ts';

const LEASE_MS = 20_000;
const POLICY = { onCrash: 'rerun', maxCrashes: 3 } as const;
/** What may meet somebody who knows too little of the task, or whose answers are lost too often. */
const REFUSALS = ['RUN_ENDED', 'TASK_NOT_FOUND', 'TASK_ALREADY_TERMINAL', 'STORE_UNAVAILABLE'];
const KEYS = ['a', 'b', 'c'] as const;

/** One thing that somebody does to the task: a process that runs it, a client, or time. */
type Act =
  | { readonly does: 'claim'; readonly by: string }
  | { readonly does: 'renew'; readonly by: string }
  | { readonly does: 'complete' | 'fail' | 'interrupt' | 'park' | 'release' | 'checkpoint'; readonly by: string }
  | { readonly does: 'ask'; readonly by: string; readonly key: string }
  | { readonly does: 'answer'; readonly keys: readonly string[] }
  | { readonly does: 'cancel' }
  | { readonly does: 'wait'; readonly ms: number };

const processes = fc.constantFrom('p', 'q');
const acts: fc.Arbitrary<Act> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ does: fc.constant('claim' as const), by: processes }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('renew' as const), by: processes }) },
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
    afterUpdate: () => this.#lookAndLose(),
    afterClaim: () => this.#lookAndLose(),
  });
  // A clock whose timers fire at once: a lost call is sent again without time going by.
  readonly #noWait = {
    nowMs: () => this.clock.nowMs(),
    after: (_ms: number, fire: () => void) => (queueMicrotask(fire), () => undefined),
  };

  constructor(losses: readonly boolean[]) {
    this.#losses = [...losses];
  }

  async begin(): Promise<void> {
    await this.#inner.create(newTask({ attempt: 1, holder: 'p', dueAtMs: T0_MS + LEASE_MS }));
    await this.#look();
  }

  async do(act: Act): Promise<void> {
    if (act.does === 'wait') {
      this.clock.setMs(this.clock.nowMs() + act.ms);
      return;
    }
    try {
      if (act.does === 'claim') await this.#claim(act.by);
      else if (act.does === 'renew') await this.#renew(act.by);
      else await applyRule({ store: this.store, clock: this.#noWait }, 'task-1', this.#ruleOf(act));
    } catch (error) {
      if (!TaskError.is(error) || !REFUSALS.includes(error.code)) throw error;
    }
  }

  async #claim(holder: string): Promise<void> {
    const fields = { taskIds: ['task-1'], holder, leaseMs: LEASE_MS, writeId: newWriteId() };
    const send = () => this.store.claim(newClaim({ ...fields, nowMs: this.clock.nowMs() }));
    const { records } = await send().catch((error: unknown) => resend(this.#noWait, send, error));
    for (const { head } of records) {
      const lease = { taskId: 'task-1', attempt: head.attempt, holder };
      this.#leases.set(holder, lease);
      const failure = crashFailure(head, POLICY);
      if (failure !== undefined)
        await applyRule({ store: this.store, clock: this.#noWait }, head, rules.fail(lease, failure, 0));
    }
  }

  async #renew(holder: string): Promise<void> {
    await this.store.renew({ leases: [this.#leaseOf(holder)], leaseMs: LEASE_MS, nowMs: this.clock.nowMs() });
  }

  #leaseOf(holder: string): TaskLease {
    return this.#leases.get(holder) ?? { taskId: 'task-1', attempt: 1, holder };
  }

  #ruleOf(act: Exclude<Act, { readonly does: 'wait' | 'claim' | 'renew' }>): Rule<unknown> {
    const responses = { action: 'accept' };
    if (act.does === 'cancel') return rules.cancel();
    if (act.does === 'answer') return rules.answer(Object.fromEntries(act.keys.map((key) => [key, responses])));
    const lease = this.#leaseOf(act.by);
    switch (act.does) {
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

  async #lookAndLose(): Promise<void> {
    await this.#look();
    if (this.#losses.shift() === true) throw unavailable();
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
  expect(head.crashCount).toBeLessThan(Math.max(1, head.attempt));
  expect(head.entryBytes).toBe(entries.reduce((sum, entry) => sum + entryBytes(entry), 0));
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
  expect(after.writeId).not.toBe(before.writeId);
  // A claim counts a crash exactly where another process held the task.
  const isLost = after.attempt > before.attempt && before.holder !== undefined && before.holder !== after.holder;
  if (isLost) expect(after.crashCount).toBe(before.crashCount + 1);
  else expect(after.crashCount).toBeOneOf([0, before.crashCount]);
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
