import { randomUUID } from 'node:crypto';
import type { ClaimTasks, TaskHead, TaskStore } from '@mcp-tasks/store';
import { MINUTE_MS, updateOf } from '../../src/sides/records.ts';
import { allOf, type BrokenStore, carelessUpdate, pause } from './broken-store.ts';

type Claim = Pick<TaskStore, 'claim'>;

/** A claim that is told something else than its caller said. */
function claiming(change: (claim: ClaimTasks) => Partial<ClaimTasks>): (store: TaskStore) => Claim {
  return (store) => ({ claim: (input) => store.claim({ ...input, ...change(input) }) });
}

/** A claim after which the head of each claimed task is written once more. */
function rewriting(change: (head: TaskHead, claim: ClaimTasks) => Partial<TaskHead>): (store: TaskStore) => Claim {
  return (store) => ({
    async claim(input) {
      const outcome = await store.claim(input);
      const records = outcome.records.map(({ head, entries }) => ({
        head: { ...head, ...change(head, input) },
        entries,
      }));
      return { ...outcome, records };
    },
  });
}

export const brokenClaims: readonly BrokenStore[] = [
  {
    case: 'claim-takes',
    fault: 'counts a crash for its own holder',
    says: /the head that a claim answers/,
    methods: rewriting((head) => ({ crashCount: head.crashCount + 1 })),
  },
  {
    case: 'claim-leaves',
    fault: 'does not look at the queue',
    says: /a task was claimed that must be left/,
    methods: claiming(({ queues }) => ({ queues: [...queues, 'engine'] })),
  },
  {
    case: 'claim-by-id',
    fault: 'claims whatever is due',
    says: /the task that the claim names/,
    methods: claiming(() => ({ taskIds: undefined, perOwner: 9, owners: [] })),
  },
  {
    case: 'claim-owners-in-turn',
    fault: 'begins every turn at the first owner',
    says: /the owners after one/,
    methods: claiming(() => ({ afterOwner: undefined })),
  },
  {
    case: 'claim-suspects',
    fault: 'does not look at crashes',
    says: /a claim of no suspect/,
    methods: claiming(({ handlers }) => ({ handlers: handlers.map(({ name }) => ({ name })) })),
  },
  {
    case: 'claim-lost-runs',
    fault: 'always takes lost runs',
    says: /a claim that leaves lost runs/,
    methods: claiming(() => ({ takesLostRuns: true })),
  },
  {
    case: 'claim-next-due',
    fault: 'tells no time',
    says: /a task that sleeps/,
    methods: (store): Claim => ({ claim: async (input) => ({ ...(await store.claim(input)), nextDueAtMs: null }) }),
  },
  {
    case: 'claim-cost',
    fault: 'reads all tasks to find the due ones',
    says: /a claim takes \d+ (bytes|operations) instead of \d+/,
    methods: (store): Claim => ({
      async claim(input) {
        for (let number = 0; number < 100; number += 1) await allOf(store, `owner ${number}`, input.nowMs);
        return store.claim(input);
      },
    }),
  },
  {
    case: 'race-claim',
    fault: 'looks first and claims later',
    says: /a task was claimed twice/,
    methods: (store): Claim => ({
      async claim(input) {
        const { handlers, queues, nowMs, limit } = input;
        const due = await store.due({ handlers: handlers.map(({ name }) => name), queues, limit, nowMs });
        await pause();
        const records = await Promise.all(
          due.map(async (head) => {
            const patch = { head: { attempt: 1, holder: input.holder, dueAtMs: nowMs + input.leaseMs } };
            const outcome = await carelessUpdate(store).update(updateOf(head, patch, nowMs));
            return { head: outcome.status === 'updated' ? outcome.head : head, entries: [] };
          }),
        );
        return { records, nextDueAtMs: null };
      },
    }),
  },
  {
    case: 'race-claim-cancel',
    fault: 'looks first and claims later, also what was cancelled meanwhile',
    says: /cancelled|the writes that were made|actual/,
    methods: (store): Claim => ({
      async claim(input) {
        const read = { taskIds: input.taskIds ?? [], kinds: [], nowMs: input.nowMs };
        const before = await store.get(read);
        await pause();
        const records = await Promise.all(
          before.map(async ({ head }) => {
            const patch = { head: { attempt: 1, holder: input.holder, dueAtMs: input.nowMs + input.leaseMs } };
            const outcome = await carelessUpdate(store).update(updateOf(head, patch, input.nowMs));
            return { head: outcome.status === 'updated' ? outcome.head : head, entries: [] };
          }),
        );
        return { records, nextDueAtMs: null };
      },
    }),
  },
  {
    case: 'race-claim-renew',
    fault: 'takes tasks whose lease has been renewed',
    says: /a task was taken over whose lease was renewed|both|process/,
    methods: claiming(({ nowMs }) => ({ nowMs: nowMs + 10 * MINUTE_MS })),
  },
  {
    case: 'lost-claim',
    fault: 'does not know a claim that is sent again',
    says: /a claim that is sent again answers other tasks/,
    methods: claiming(() => ({ writeId: randomUUID() })),
  },
  {
    case: 'lost-update-resent',
    fault: 'does not know a write that is sent again',
    says: /an update that is sent again answered conflict/,
    methods: (store): Pick<TaskStore, 'update'> => ({
      update: (input) => store.update({ ...input, writeId: randomUUID() }),
    }),
  },
  {
    case: 'hints-due',
    fault: 'says of every task that it is due',
    says: /the hint at version \d/,
    methods: (store): Pick<TaskStore, 'watch'> => ({
      watch: async (listener) =>
        (await store.watch?.((hint) => {
          listener({ ...hint, due: { handler: 'tool', queue: '', atMs: 0 } });
        })) ?? (() => Promise.resolve()),
    }),
  },
];
