import type { TaskRecord } from '@mcp-tasks/store';
import { oneInHundred, type RareFault } from './broken-store.ts';

/** Stores that break a promise about reads, claims and renewals, most of them rarely. */
export const rareReadFaults: readonly RareFault[] = [
  {
    store: 'reads what was there one write ago in 1 % of reads',
    says: /though version \d+ was known before the call began/,
    methods(store) {
      const isNow = oneInHundred();
      const before = new Map<string, TaskRecord>();
      const last = new Map<string, TaskRecord>();
      return {
        async get(input) {
          const records = await store.get(input);
          const isLate = isNow();
          return records.map((record) => {
            const { taskId, version } = record.head;
            const known = last.get(taskId);
            if (known !== undefined && known.head.version < version) before.set(taskId, known);
            last.set(taskId, record);
            return isLate ? (before.get(taskId) ?? record) : record;
          });
        },
      };
    },
  },
  {
    store: 'gives 1 % of the claims what another claim got',
    says: /two claims got attempt|with other content|known before the call began/,
    methods(store) {
      const isNow = oneInHundred();
      let waiting = 0;
      let earlier: { readonly records: readonly TaskRecord[]; readonly nowMs: number } | undefined;
      return {
        async claim(input) {
          if (isNow()) waiting += 1;
          const outcome = await store.claim(input);
          if (waiting > 0 && earlier?.nowMs === input.nowMs) {
            waiting -= 1;
            const records = earlier.records.map(({ head, entries }) => ({
              head: { ...head, writeId: input.writeId, holder: input.holder },
              entries,
            }));
            return { ...outcome, records };
          }
          if (outcome.records.length > 0) earlier = { records: outcome.records, nowMs: input.nowMs };
          return outcome;
        },
      };
    },
  },
  {
    store: 'shows a task for a millisecond after it has expired',
    says: /shows a task that has expired/,
    methods: (store) => ({ get: (input) => store.get({ ...input, nowMs: input.nowMs - 1 }) }),
  },
  {
    store: 'counts a crash for a process that claims its own task',
    says: /crashCount is 1 and not 0/,
    methods: (store) => ({
      async claim(input) {
        const outcome = await store.claim(input);
        const records = outcome.records.map(({ head, entries }) => ({
          head: head.attempt > 1 && head.crashCount === 0 ? { ...head, crashCount: 1 } : head,
          entries,
        }));
        return { ...outcome, records };
      },
    }),
  },
  {
    store: 'forgets 1 % of the renewals that it acknowledges',
    says: /dueAtMs is \d+ at version \d+, and must be|that cannot be claimed|due shows/,
    methods(store) {
      const isNow = oneInHundred();
      let waiting = 0;
      return {
        async renew(input) {
          if (isNow()) waiting += 1;
          if (waiting === 0 || input.leases.length === 0) return store.renew(input);
          const taskIds = input.leases.map(({ taskId }) => taskId);
          const records = await store.get({ taskIds, kinds: [], nowMs: input.nowMs });
          const held = records
            .map(({ head }) => head)
            .filter(
              ({ taskId, attempt, holder, status }) =>
                status !== 'completed' &&
                input.leases.some(
                  (lease) => lease.taskId === taskId && lease.attempt === attempt && lease.holder === holder,
                ),
            );
          if (held.length === 0) return store.renew(input);
          waiting -= 1;
          return held.map((head) => ({ ...head, dueAtMs: input.nowMs + input.leaseMs }));
        },
      };
    },
  },
  {
    store: 'leaves the last task of a page out in 1 % of lists',
    says: /a task is missing from its page/,
    methods(store) {
      const isNow = oneInHundred();
      let waiting = 0;
      return {
        async list(input) {
          if (isNow()) waiting += 1;
          const page = await store.list(input);
          if (waiting === 0 || page.hasMore || page.heads.length === 0) return page;
          waiting -= 1;
          return { ...page, heads: page.heads.slice(0, -1) };
        },
      };
    },
  },
];
