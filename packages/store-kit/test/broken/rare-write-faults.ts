import { carelessUpdate, oneInHundred, pause, type RareFault } from './broken-store.ts';

/** Stores that break a promise about creates and updates, most of them rarely. */
export const rareWriteFaults: readonly RareFault[] = [
  {
    store: 'ignores the version in 1 % of updates',
    says: /an update that expected version \d+ made version|upon version|two writes made version|before it looks at the version/,
    methods(store) {
      const isNow = oneInHundred();
      const careless = carelessUpdate(store);
      return { update: (input) => (isNow() ? careless : store).update(input) };
    },
  },
  {
    store: 'loses 1 % of the writes that it acknowledges',
    says: /known before the call began|no write made|two writes made version|with other content/,
    methods(store) {
      const isNow = oneInHundred();
      return {
        async update(input) {
          const { taskId, expected, nowMs, writeId, patch } = input;
          if (!isNow()) return store.update(input);
          const [record] = await store.get({ taskIds: [taskId], kinds: [], nowMs });
          if (record?.head.version !== expected.version || record.head.writeId !== expected.writeId) {
            return store.update(input);
          }
          const { version } = record.head;
          const head = {
            ...record.head,
            statusMessage: String(patch.head.statusMessage),
            version: version + 1,
            writeId,
          };
          return { status: 'updated', head };
        },
      };
    },
  },
  {
    store: 'counts characters for bytes',
    says: /stored bytes, beyond|was refused|entryBytes is/,
    methods: (store) => ({
      async update(input) {
        const outcome = await store.update(input);
        if (outcome.status !== 'updated') return outcome;
        const put = input.patch.put ?? [];
        const wrong = put.reduce((sum, { value }) => sum + Buffer.byteLength(value) - value.length, 0);
        return { ...outcome, head: { ...outcome.head, entryBytes: outcome.head.entryBytes - wrong } };
      },
    }),
  },
  {
    store: 'lets an owner pass the limit of bytes in 1 % of updates',
    says: /stored bytes, beyond/,
    methods(store) {
      const isNow = oneInHundred();
      return { update: (input) => store.update(isNow() ? { ...input, maxStoredBytes: undefined } : input) };
    },
  },
  {
    store: 'frees the key of a task when the task ends',
    says: /the key "[Kk]ey" names two live tasks|though a live task has this id or key/,
    methods(store) {
      return {
        async create(input) {
          const outcome = await store.create(input);
          const isEnded = outcome.status === 'existing' && outcome.head.status === 'completed';
          if (!isEnded || outcome.head.taskId === input.head.taskId) return outcome;
          return store.create({ ...input, idempotencyKey: undefined });
        },
      };
    },
  },
  {
    store: 'refuses one active task too early',
    says: /create is refused by maxActiveTasks, though the owner has 4 at most/,
    methods: (store) => ({
      create(input) {
        const { limits } = input;
        return store.create({ ...input, limits: { ...limits, maxActiveTasks: limits.maxActiveTasks - 1 } });
      },
    }),
  },
  {
    store: 'lets two creates at once pass the limit of active tasks',
    says: /active tasks, beyond 5/,
    methods: (store) => ({
      async create(input) {
        const { owner } = input.head;
        const { heads } = await store.list({ owner, limit: 100, nowMs: input.nowMs });
        const isOver = heads.filter(({ status }) => status === 'working' || status === 'input_required').length >= 5;
        await pause();
        return store.create(isOver ? input : { ...input, limits: { ...input.limits, maxActiveTasks: 100 } });
      },
    }),
  },
  {
    store: 'makes a write again that is sent again, in 1 % of updates',
    says: /an update that expected version \d+ made version/,
    methods(store) {
      const done = new Set<string>();
      return {
        async update(input) {
          const isAgain = done.has(input.writeId);
          done.add(input.writeId);
          if (!isAgain) return store.update(input);
          const [record] = await store.get({ taskIds: [input.taskId], kinds: [], nowMs: input.nowMs });
          if (record?.head.writeId !== input.writeId) return store.update(input);
          const head = { ...record.head, version: record.head.version + 1 };
          return { status: 'updated', head };
        },
      };
    },
  },
];
