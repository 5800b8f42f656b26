import type { TaskHead, TaskStore } from '@mcp-tasks/store';
import { type BrokenStore, pause } from './broken-store.ts';

/** Stores that break a promise about what an owner has stored, or about joining. */
export const brokenSums: readonly BrokenStore[] = [
  {
    case: 'bytes-counted',
    fault: 'believes its caller',
    says: /entryBytes is not the sum of the entries/,
    methods(store): Pick<TaskStore, 'get'> {
      return {
        async get(input) {
          const records = await store.get(input);
          return records.map(({ head, entries }) => ({ head: { ...head, entryBytes: 999 }, entries }));
        },
      };
    },
  },
  {
    case: 'quota-bytes',
    fault: 'counts no bytes',
    says: /Expected values to be strictly deep-equal/,
    methods: (store): Pick<TaskStore, 'create'> => ({
      create: (input) => store.create({ ...input, limits: { ...input.limits, maxStoredBytes: Infinity } }),
    }),
  },
  {
    case: 'quota-bytes-update',
    fault: 'writes whatever it is told',
    says: /a patch beyond maxStoredBytes answered updated/,
    methods: (store): Pick<TaskStore, 'update'> => ({
      update: (input) => store.update({ ...input, maxStoredBytes: undefined }),
    }),
  },
  {
    case: 'quota-expired-stored',
    fault: 'removes expired tasks in every create',
    says: /an expired task was removed without need/,
    methods: (store): Pick<TaskStore, 'create'> => ({
      async create(input) {
        await store.deleteExpired({ nowMs: input.nowMs, limit: 100 });
        return store.create(input);
      },
    }),
  },
  {
    case: 'quota-expired-many',
    fault: 'says of every refusal that it is final',
    says: /the first of three creates that make room/,
    methods: (store): Pick<TaskStore, 'create'> => ({
      async create(input) {
        const outcome = await store.create(input);
        return outcome.status === 'over-quota' ? { ...outcome, retryable: false } : outcome;
      },
    }),
  },
  {
    case: 'race-quota-bytes',
    fault: 'looks at the sum first and creates later',
    says: /writes of 40 bytes were made beside 10/,
    methods: (store): Pick<TaskStore, 'create'> => ({
      async create(input) {
        const { owner } = input.head;
        const { heads } = await store.list({ owner, limit: 1_000, nowMs: input.nowMs });
        const bytes = heads.reduce((sum, head) => sum + head.entryBytes, 0);
        await pause();
        const isOver = bytes + 40 > input.limits.maxStoredBytes;
        if (isOver) return { status: 'over-quota', limit: 'maxStoredBytes', retryable: false };
        return store.create({ ...input, limits: { ...input.limits, maxStoredBytes: Infinity } });
      },
    }),
  },
  {
    case: 'quota-bytes-burst',
    fault: 'adds up the bytes of an owner from time to time',
    says: /of 150 creates at once were made where 10 have room/,
    methods(store): Pick<TaskStore, 'create'> {
      let known = 0;
      let calls = 0;
      return {
        async create(input) {
          const { owner } = input.head;
          calls += 1;
          if (calls % 10 === 0) {
            const { heads } = await store.list({ owner, limit: 1_000, nowMs: input.nowMs });
            known = heads.reduce((sum, head) => sum + head.entryBytes, 0);
          }
          const isOver = known + 40 > input.limits.maxStoredBytes;
          if (isOver) return { status: 'over-quota', limit: 'maxStoredBytes', retryable: false };
          return store.create({ ...input, limits: { ...input.limits, maxStoredBytes: Infinity } });
        },
      };
    },
  },
  {
    case: 'get-owner-cost',
    fault: 'reads a task whole before it looks at its owner',
    says: /a foreign task costs \d+ operations/,
    methods: (store): Pick<TaskStore, 'get'> => ({
      async get({ owner, ...input }) {
        const records = await store.get(input);
        return records.filter(({ head }) => owner === undefined || head.owner === owner);
      },
    }),
  },
  {
    case: 'join-follows-writes',
    fault: 'finds what could be joined once',
    says: /after a write of no state/,
    methods(store): Pick<TaskStore, 'findJoinable'> {
      let found: TaskHead | undefined;
      return {
        async findJoinable(input) {
          return (found = (await store.findJoinable(input)) ?? found);
        },
      };
    },
  },
  {
    case: 'get-owner',
    fault: 'does not look at the owner',
    says: /the tasks of an owner/,
    methods: (store): Pick<TaskStore, 'get'> => ({ get: (input) => store.get({ ...input, owner: undefined }) }),
  },
  {
    case: 'join-finds',
    fault: 'does not look at the owner',
    says: /a task was found that no such call joins/,
    methods: (store): Pick<TaskStore, 'findJoinable'> => ({
      findJoinable: async (input) =>
        (await store.findJoinable(input)) ?? store.findJoinable({ ...input, owner: 'somebody else' }),
    }),
  },
];
