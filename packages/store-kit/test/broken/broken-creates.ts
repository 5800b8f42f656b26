import { type CreateTask, TaskError, type TaskHead, type TaskStore } from '@mcp-tasks/store';
import { ROOMY_LIMITS, updateOf } from '../../src/sides/records.ts';
import { allOf, type BrokenStore, headOf, pause } from './broken-store.ts';

type Create = Pick<TaskStore, 'create'>;

function keyOf({ head, idempotencyKey }: CreateTask): string | undefined {
  return idempotencyKey === undefined ? undefined : JSON.stringify([head.owner, idempotencyKey]);
}

/** Ask for the limits, then create: between the two, others do the same. */
async function countThenCreate(store: TaskStore, input: CreateTask): ReturnType<TaskStore['create']> {
  const { limits, head, nowMs } = input;
  const { length } = await allOf(store, head.owner, nowMs);
  if (length >= limits.maxActiveTasks) return { status: 'over-quota', limit: 'maxActiveTasks', retryable: false };
  if (length >= limits.maxStoredTasks) return { status: 'over-quota', limit: 'maxStoredTasks', retryable: false };
  await pause();
  return store.create({ ...input, limits: ROOMY_LIMITS });
}

export const brokenCreates: readonly BrokenStore[] = [
  {
    case: 'create-stores-all',
    fault: 'does not know the newest kind of entry',
    says: /other entries than were created/,
    methods: (store): Create => ({
      create: (input) => store.create({ ...input, entries: input.entries.filter(({ kind }) => kind !== 'outcome') }),
    }),
  },
  {
    case: 'create-same-id',
    fault: 'writes a create of an id that exists over the task',
    says: /changed its head/,
    methods: (store): Create => ({
      async create(input) {
        const outcome = await store.create(input);
        if (outcome.status !== 'existing') return outcome;
        const patch = { head: { statusMessage: input.head.statusMessage ?? null }, put: input.entries };
        await store.update(updateOf(outcome.head, patch, input.nowMs));
        return outcome;
      },
    }),
  },
  {
    case: 'create-same-key',
    fault: 'answers a repeated key with the head as it was created',
    says: /does not answer the present head/,
    methods(store): Create {
      const firstHeads = new Map<string, TaskHead>();
      return {
        async create(input) {
          const outcome = await store.create(input);
          if (outcome.status === 'created') firstHeads.set(outcome.head.taskId, outcome.head);
          if (outcome.status !== 'existing') return outcome;
          return { status: 'existing', head: firstHeads.get(outcome.head.taskId) ?? outcome.head };
        },
      };
    },
  },
  {
    case: 'create-key-before-quota',
    fault: 'looks at the quota first',
    says: /under a live key at the quota answered over-quota/,
    methods: (store): Create => ({ create: (input) => countThenCreate(store, input) }),
  },
  {
    case: 'create-quota-active',
    fault: 'counts tasks that have ended as active',
    says: /a task that has ended counts as active/,
    methods: (store): Create => ({
      create: ({ limits, ...input }) => {
        const { maxActiveTasks } = limits;
        return store.create({ ...input, limits: { ...limits, maxStoredTasks: maxActiveTasks } });
      },
    }),
  },
  {
    case: 'create-quota-stored',
    fault: 'counts no task that has ended',
    says: /create answered created|over-quota/,
    methods: (store): Create => ({
      create: (input) => store.create({ ...input, limits: { ...input.limits, maxStoredTasks: Infinity } }),
    }),
  },
  {
    case: 'create-over-quota-leaves-nothing',
    fault: 'keeps the key of a task that it refuses',
    says: /under the key of a refused task answered existing/,
    methods(store): Create {
      const taken = new Map<string, TaskHead>();
      return {
        async create(input) {
          const key = keyOf(input);
          const head = key === undefined ? undefined : taken.get(key);
          if (head !== undefined) return { status: 'existing', head };
          const outcome = await store.create(input);
          if (outcome.status === 'over-quota' && key !== undefined) taken.set(key, input.head);
          return outcome;
        },
      };
    },
  },
  {
    case: 'create-quota-expired-active',
    fault: 'counts expired tasks as active until they are removed',
    says: /an expired task counts against a quota/,
    methods: (store): Create => ({ create: (input) => store.create({ ...input, nowMs: 0 }) }),
  },
  {
    case: 'create-quota-drift',
    fault: 'frees a place with every task that it removes',
    says: /a sweep freed the place of a task that had ended/,
    methods(store): Create {
      // Counts places by itself, and takes a task that is gone for one that has just ended.
      const known = new Set<string>();
      return {
        async create(input) {
          let freed = 0;
          for (const taskId of known) if ((await headOf(store, taskId, input.nowMs)) === undefined) freed += 1;
          const maxActiveTasks = input.limits.maxActiveTasks + freed;
          const outcome = await store.create({ ...input, limits: { ...input.limits, maxActiveTasks } });
          if (outcome.status === 'created') known.add(outcome.head.taskId);
          return outcome;
        },
      };
    },
  },
  {
    case: 'create-key-freed',
    fault: 'keeps a key until its task is removed',
    says: /under the key of an expired task answered existing/,
    methods: (store): Create => ({
      create: (input) => store.create({ ...input, nowMs: input.idempotencyKey === undefined ? input.nowMs : 0 }),
    }),
  },
  {
    case: 'race-quota',
    fault: 'counts first and creates later',
    says: /12 of 12 parallel creates passed a quota of 5/,
    methods: (store): Create => ({ create: (input) => countThenCreate(store, input) }),
  },
  {
    case: 'race-key',
    fault: 'looks for the key first and takes it later',
    says: /12 parallel creates of one task answered created/,
    methods(store): Create {
      const taken = new Map<string, TaskHead>();
      return {
        async create({ idempotencyKey, ...input }) {
          const key = keyOf({ ...input, idempotencyKey });
          const head = key === undefined ? undefined : taken.get(key);
          if (head !== undefined) return { status: 'existing', head };
          await pause();
          if (key !== undefined) taken.set(key, input.head);
          return store.create(input);
        },
      };
    },
  },
  {
    case: 'race-id',
    fault: 'looks for the id first and creates later, whatever came meanwhile',
    says: /12 parallel creates of one task answered created/,
    methods: (store): Create => ({
      async create(input) {
        const head = await headOf(store, input.head.taskId, input.nowMs);
        if (head !== undefined) return { status: 'existing', head };
        await pause();
        await store.create(input);
        return { status: 'created', head: input.head };
      },
    }),
  },
  {
    case: 'values-opaque',
    fault: 'parses values and writes them again',
    says: /values after create/,
    methods: (store): Create => ({
      create(input) {
        const entries = input.entries.map((entry) => ({ ...entry, value: JSON.stringify(JSON.parse(entry.value)) }));
        return store.create({ ...input, entries });
      },
    }),
  },
  {
    case: 'heads-text',
    fault: 'cuts texts at a NUL',
    says: /a head with "a\\u0000"/,
    methods: (store): Create => ({
      create: (input) =>
        store.create({ ...input, head: { ...input.head, handler: input.head.handler.split('\0', 1)[0] ?? '' } }),
    }),
  },
  {
    case: 'limits-head',
    fault: 'has no room for times after 2038',
    says: /get does not find task/,
    methods: (store): Create => ({
      create: (input) =>
        store.create({
          ...input,
          head: { ...input.head, expiresAtMs: Math.min(input.head.expiresAtMs, 2 ** 31 * 1_000) },
        }),
    }),
  },
  {
    case: 'owners-quota',
    fault: 'keeps the first 500 bytes of an owner',
    says: /create by "xxx/,
    methods: (store): Create => ({
      create: (input) => store.create({ ...input, head: { ...input.head, owner: input.head.owner.slice(0, 500) } }),
    }),
  },
  {
    case: 'owners-keys',
    fault: 'joins owner and key with a colon',
    says: /create by \["b","c:d"\]/,
    methods(store): Create {
      const tasks = new Map<string, TaskHead>();
      return {
        async create(input) {
          const key = `${input.head.owner}:${input.idempotencyKey ?? ''}`;
          const head = tasks.get(key);
          if (head !== undefined) return { status: 'existing', head };
          tasks.set(key, input.head);
          return store.create(input);
        },
      };
    },
  },
  {
    case: 'lost-create',
    fault: 'takes a create that is sent again for a mistake',
    says: /exists already/,
    methods: (store): Create => ({
      async create(input) {
        const head = await headOf(store, input.head.taskId, input.nowMs);
        if (head !== undefined) throw new TaskError('STORE_CONFLICT', `Task ${head.taskId} exists already.`);
        return store.create(input);
      },
    }),
  },
  {
    case: 'second-process',
    fault: 'answers a create before others can read the task',
    says: /does not see an acknowledged task/,
    methods(store): Create {
      let behind: CreateTask | undefined;
      return {
        async create(input) {
          if (behind !== undefined) await store.create(behind);
          behind = input;
          return { status: 'created', head: input.head };
        },
      };
    },
  },
];
