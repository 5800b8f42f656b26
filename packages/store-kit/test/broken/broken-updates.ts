import { randomUUID } from 'node:crypto';
import { TASK_ENTRY_KINDS, type TaskHead, type TaskPatch, type TaskStore } from '@mcp-tasks/store';
import { newTask } from '../../src/sides/records.ts';
import { type BrokenStore, carelessUpdate, gappedUpdate, oneInHundred } from './broken-store.ts';

type Update = Pick<TaskStore, 'update'>;

/** An update that makes something else of each patch. */
function patching(change: (patch: TaskPatch) => TaskPatch): (store: TaskStore) => Update {
  return (store) => ({ update: (input) => store.update({ ...input, patch: change(input.patch) }) });
}

/** A patch whose head lacks one field. */
function without(field: keyof TaskPatch['head']): (patch: TaskPatch) => TaskPatch {
  return (patch) => ({
    ...patch,
    head: Object.fromEntries(Object.entries(patch.head).filter(([name]) => name !== field)),
  });
}

export const brokenUpdates: readonly BrokenStore[] = [
  {
    case: 'model',
    fault: 'ignores the version in 1 % of updates',
    says: /Round \d+ of part 1 of checkStore.*(made version|upon version|before it looks at the version)/,
    methods(store): Update {
      const isNow = oneInHundred();
      const careless = carelessUpdate(store);
      return { update: (input) => (isNow() ? careless : store).update(input) };
    },
  },
  {
    case: 'agrees',
    fault: 'forgets the count of crashes',
    says: /the answer of step \d+ of seed 1/,
    methods: patching(without('crashCount')),
  },
  {
    case: 'update-head',
    fault: 'sorts the names of open questions',
    says: /another head than its patch makes/,
    methods: patching(({ head, ...patch }) => ({
      ...patch,
      head: { ...head, ...(head.openQuestions && { openQuestions: [...head.openQuestions].sort() }) },
    })),
  },
  {
    case: 'update-removes',
    fault: 'takes null for no change',
    says: /answers a field that it removed/,
    methods: patching((patch) => ({
      ...patch,
      head: Object.fromEntries(Object.entries(patch.head).filter(([, value]) => value !== null)),
    })),
  },
  {
    case: 'update-entries',
    fault: 'deletes nothing',
    says: /the entries after an update/,
    methods: patching(({ head, put }) => ({ head, put })),
  },
  {
    case: 'update-conflict',
    fault: 'writes the entries of a writer that lost',
    says: /a conflict changed/,
    methods: (store): Update => ({
      async update(input) {
        const outcome = await store.update(input);
        if (outcome.status === 'conflict') {
          const { put } = input.patch;
          await store.update({ ...input, expected: outcome.head, writeId: randomUUID(), patch: { head: {}, put } });
        }
        return outcome;
      },
    }),
  },
  {
    case: 'update-missing',
    fault: 'answers a conflict for what is not there',
    says: /update of a task that was never there/,
    methods: (store): Update => ({
      async update(input) {
        const outcome = await store.update(input);
        if (outcome.status !== 'not-found') return outcome;
        return { status: 'conflict', head: newTask(input.nowMs, { taskId: input.taskId }) };
      },
    }),
  },
  {
    case: 'update-cost',
    fault: 'reads the whole record before each write',
    says: /an update takes \d+ bytes instead of \d+/,
    methods: (store): Update => ({
      async update(input) {
        await store.get({ taskIds: [input.taskId], kinds: TASK_ENTRY_KINDS, nowMs: input.nowMs });
        return store.update(input);
      },
    }),
  },
  {
    case: 'expiry-update',
    fault: 'lets an expired task live a millisecond longer',
    says: /update changed an expired task/,
    methods: (store): Update => ({ update: (input) => store.update({ ...input, nowMs: input.nowMs - 1 }) }),
  },
  {
    case: 'expiry-moved',
    fault: 'keeps the expiry of the creation',
    says: /a moved expiry came early/,
    methods: patching(without('expiresAtMs')),
  },
  {
    case: 'expired-unchanged',
    fault: 'writes expired tasks',
    says: /complete of an expired task/,
    methods: (store): Update => ({ update: (input) => store.update({ ...input, nowMs: 0 }) }),
  },
  {
    case: 'limits-entries',
    fault: 'keeps a mebibyte of a value',
    says: /the largest result comes back changed/,
    methods: patching(({ put, ...patch }) => ({
      ...patch,
      put: put?.map((entry) => ({ ...entry, value: entry.value.slice(0, 1_048_576) })),
    })),
  },
  {
    case: 'race-version',
    fault: 'compares the version first and writes later',
    says: /12 of 12 writers of one version won/,
    methods: gappedUpdate,
  },
  {
    case: 'race-all-written',
    fault: 'acknowledges writes that lost a race',
    says: /entries of acknowledged writes/,
    methods: (store): Update => ({
      async update(input) {
        const outcome = await store.update(input);
        return outcome.status === 'conflict' ? { status: 'updated', head: outcome.head } : outcome;
      },
    }),
  },
  {
    case: 'race-ends',
    fault: 'compares the version first and writes later',
    says: /was ended as/,
    methods: gappedUpdate,
  },
  {
    case: 'race-takeover',
    fault: 'compares the version first and writes later',
    says: /both or neither of two runs have the task/,
    methods: gappedUpdate,
  },
  {
    case: 'race-wake',
    fault: 'forgets when a task is due',
    says: /nobody will wake it/,
    methods: patching(without('dueAtMs')),
  },
  {
    case: 'stale-run',
    fault: 'compares no version',
    says: /of a run that lost its task/,
    methods: carelessUpdate,
  },
  {
    case: 'lost-update',
    fault: 'knows no write that is sent again, and shows its loser the head that it knew, under the new version',
    says: /the head after effects was sent again/,
    methods(store): Update {
      const heads = new Map<string, TaskHead>();
      return {
        async update(input) {
          const [before] = await store.get({ taskIds: [input.taskId], kinds: [], nowMs: input.nowMs });
          if (before) heads.set(`${input.taskId} ${before.head.version}`, before.head);
          const outcome = await store.update({ ...input, writeId: randomUUID() });
          if (outcome.status !== 'conflict') return outcome;
          const known = heads.get(`${input.taskId} ${input.expected.version}`) ?? outcome.head;
          const { version, writeId } = outcome.head;
          return { status: 'conflict', head: { ...known, version, writeId } };
        },
      };
    },
  },
  {
    case: 'crash-keeps',
    fault: 'acknowledges some writes that it never makes',
    says: /was acknowledged before crash 1 and is gone/,
    methods: (store): Update => ({
      async update(input) {
        if (input.expected.version !== 3) return store.update(input);
        const [record] = await store.get({ taskIds: [input.taskId], kinds: [], nowMs: input.nowMs });
        return record ? { status: 'updated', head: { ...record.head, version: 4 } } : { status: 'not-found' };
      },
    }),
  },
  {
    case: 'crash-whole',
    fault: 'puts only the first entry of a write',
    says: /entries are half written/,
    methods: patching(({ put, ...patch }) => ({ ...patch, put: put?.slice(0, 1) })),
  },
];
