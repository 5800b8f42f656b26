import { randomUUID } from 'node:crypto';
import { TaskError, type TaskHead, type TaskStore } from '@mcp-tasks/store';
import { HOUR_MS, updateAt } from '../../src/sides/records.ts';
import { allOf, type BrokenStore, carelessUpdate, headOf, pause } from './broken-store.ts';

type Due = Pick<TaskStore, 'due'>;
type Renew = Pick<TaskStore, 'renew'>;
type Sweep = Pick<TaskStore, 'deleteExpired'>;

/** The leases whose attempt and holder still match. */
async function heldOf(store: TaskStore, { leases, nowMs }: Parameters<TaskStore['renew']>[0]): Promise<TaskHead[]> {
  const heads: TaskHead[] = [];
  for (const { taskId, attempt, holder } of leases) {
    const head = await headOf(store, taskId, nowMs);
    if (head?.attempt === attempt && head.holder === holder) heads.push(head);
  }
  return heads;
}

/** A renewal by a write that does not look at the version. */
async function renewByUpdate(
  store: TaskStore,
  { leaseMs, nowMs }: Parameters<TaskStore['renew']>[0],
  heads: readonly TaskHead[],
): Promise<TaskHead[]> {
  const renewed: TaskHead[] = [];
  const dueAtMs = nowMs + leaseMs;
  for (const { taskId } of heads) {
    const update = { ...updateAt(taskId, 0, { head: { dueAtMs } }, nowMs), writeId: randomUUID() };
    const outcome = await carelessUpdate(store).update(update);
    if (outcome.status === 'updated') renewed.push(outcome.head);
  }
  return renewed;
}

export const brokenLeasesAndSweeps: readonly BrokenStore[] = [
  {
    case: 'expiry-due',
    fault: 'offers a task at its expiry',
    says: /an expired task is offered for a run/,
    methods: (store): Due => ({ due: (input) => store.due({ ...input, nowMs: input.nowMs - 1 }) }),
  },
  {
    case: 'due-lists',
    fault: 'offers the last that became due first',
    says: /the tasks that are due, in their order/,
    methods: (store): Due => ({ due: async (input) => [...(await store.due(input))].reverse() }),
  },
  {
    case: 'due-follows-writes',
    fault: 'offers what was due once',
    says: /after a write of/,
    methods(store): Due {
      const known = new Map<string, TaskHead>();
      return {
        async due(input) {
          for (const head of await store.due(input)) known.set(head.taskId, head);
          return [...known.values()];
        },
      };
    },
  },
  {
    case: 'expiry-renew',
    fault: 'renews the lease of a task at its expiry',
    says: /the lease of an expired task is renewed/,
    methods: (store): Renew => ({ renew: (input) => store.renew({ ...input, nowMs: input.nowMs - 1 }) }),
  },
  {
    case: 'renew-moves',
    fault: 'renews 100 leases at most',
    says: /renew answers 0 of 300 heads/,
    methods: (store): Renew => ({ renew: (input) => store.renew({ ...input, leases: input.leases.slice(0, 100) }) }),
  },
  {
    case: 'renew-refuses',
    fault: 'does not look at the holder',
    says: /renew answers other tasks than the held one/,
    methods: (store): Renew => ({
      async renew(input) {
        const leases = await Promise.all(
          input.leases.map(async (lease) => ({
            ...lease,
            holder: (await headOf(store, lease.taskId, input.nowMs))?.holder ?? lease.holder,
          })),
        );
        return store.renew({ ...input, leases });
      },
    }),
  },
  {
    case: 'renew-beside-writes',
    fault: 'raises the version',
    says: /renew made a writer of the same run conflict/,
    methods: (store): Renew => ({ renew: async (input) => renewByUpdate(store, input, await heldOf(store, input)) }),
  },
  {
    case: 'race-renew',
    fault: 'looks at the holder first and writes later',
    says: /the old run moved the lease end of the new one/,
    methods: (store): Renew => ({
      async renew(input) {
        const { leases } = input;
        // Whoever held it when the call began.
        const heads = leases.map(({ taskId }) => ({ taskId }) as TaskHead);
        await pause();
        return renewByUpdate(store, input, heads);
      },
    }),
  },
  {
    case: 'race-renew-order',
    fault: 'locks task after task, in the order that it is told',
    says: /deadlock/,
    methods(store): Renew {
      const locked = new Set<string>();
      return {
        async renew(input) {
          const own: string[] = [];
          try {
            for (const { taskId } of input.leases) {
              if (locked.has(taskId)) throw new TaskError('STORE_UNAVAILABLE', 'deadlock');
              locked.add(taskId);
              own.push(taskId);
              await pause();
            }
            return await store.renew(input);
          } finally {
            for (const taskId of own) locked.delete(taskId);
          }
        },
      };
    },
  },
  {
    case: 'lost-renew',
    fault: 'leaves out leases that need no change',
    says: /a renewal that is sent again has lost the lease/,
    methods: (store): Renew => ({
      async renew(input) {
        const changed = (await heldOf(store, input)).filter(({ dueAtMs }) => dueAtMs !== input.nowMs + input.leaseMs);
        const leases = input.leases.filter(({ taskId }) => changed.some((head) => head.taskId === taskId));
        return store.renew({ ...input, leases });
      },
    }),
  },
  {
    case: 'sweep-batches',
    fault: 'removes all at once',
    says: /the sizes of the batches/,
    methods: (store): Sweep => ({ deleteExpired: (input) => store.deleteExpired({ ...input, limit: Infinity }) }),
  },
  {
    case: 'sweep-all-of-it',
    fault: 'removes what will expire within two hours',
    says: /2 tasks were removed of which one had expired/,
    methods: (store): Sweep => ({
      deleteExpired: (input) => store.deleteExpired({ ...input, nowMs: input.nowMs + 2 * HOUR_MS }),
    }),
  },
  {
    case: 'race-expiry',
    fault: 'removes what has a minute to live',
    says: /whose result was acknowledged is swept away/,
    methods: (store): Sweep => ({
      deleteExpired: (input) => store.deleteExpired({ ...input, nowMs: input.nowMs + HOUR_MS }),
    }),
  },
  {
    case: 'race-sweep',
    fault: 'tells everybody who sweeps at once the same count',
    says: /24 tasks were removed and counted as/,
    methods(store): Sweep {
      let underWay: Promise<readonly TaskHead[]> | undefined;
      return {
        async deleteExpired(input) {
          underWay ??= store.deleteExpired(input);
          const deleted = await underWay;
          underWay = undefined;
          return deleted;
        },
      };
    },
  },
  {
    case: 'sweep-cost',
    fault: 'reads all tasks to find the expired ones',
    says: /a sweep takes \d+ (bytes|operations) instead of \d+/,
    methods: (store): Sweep => ({
      async deleteExpired(input) {
        await allOf(store, 'owner', input.nowMs);
        return store.deleteExpired(input);
      },
    }),
  },
  {
    case: 'lost-sweep',
    fault: 'counts all that it ever removed',
    says: /what the sweeps after the lost one removed/,
    methods(store): Sweep {
      const all: TaskHead[] = [];
      return {
        async deleteExpired(input) {
          const deleted = await store.deleteExpired(input);
          all.push(...deleted);
          return deleted.length === 0 ? [] : all;
        },
      };
    },
  },
  {
    case: 'watch-hints',
    fault: 'does not end a watch',
    says: /a watch that ended is told of changes/,
    methods: (store): Pick<TaskStore, 'watch'> => ({
      async watch(listener) {
        await store.watch?.(listener);
        return () => Promise.resolve();
      },
    }),
  },
  {
    case: 'ahead-of-server',
    fault: 'trusts every caller that it is so late',
    says: /a caller that is ahead removed a task/,
    hasServerTime: true,
    methods: (store): Sweep => ({ deleteExpired: (input) => store.deleteExpired(input) }),
  },
  {
    case: 'time-of-server',
    fault: 'tells seconds',
    hasServerTime: true,
    says: /is not the present in milliseconds/,
    methods: (): Pick<TaskStore, 'serverTimeMs'> => ({ serverTimeMs: async () => Date.now() / 1_000 }),
  },
  {
    case: 'close-settles',
    fault: 'answers calls after it was closed',
    says: /a closed store answers calls/,
    methods: (): Pick<TaskStore, 'close'> => ({ close: () => Promise.resolve() }),
  },
  {
    case: 'close-leaves-data',
    fault: 'closes what it was handed',
    says: /The store is closed|gone with its connection/,
    methods: (store): Pick<TaskStore, 'close'> => ({ close: () => store.close() }),
  },
  {
    case: 'reopen-keeps',
    fault: 'begins anew whenever it is opened',
    says: /get does not find task/,
    methods: (store): Pick<TaskStore, 'open'> => ({
      async open() {
        await store.deleteExpired({ nowMs: Infinity, limit: Infinity });
      },
    }),
  },
  {
    case: 'open-together',
    fault: 'cannot be opened twice at once',
    says: /somebody else is making the tables/,
    methods(): Pick<TaskStore, 'open'> {
      let isOpening = false;
      return {
        async open() {
          if (isOpening) throw new TaskError('STORE_UNAVAILABLE', 'somebody else is making the tables');
          isOpening = true;
          await pause();
          isOpening = false;
        },
      };
    },
  },
];
