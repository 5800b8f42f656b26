import type { TaskHead, TaskStore } from '@mcp-tasks/store';
import { allOf, type BrokenStore, pause } from './broken-store.ts';

type Get = Pick<TaskStore, 'get'>;
type List = Pick<TaskStore, 'list'>;

export const brokenReads: readonly BrokenStore[] = [
  {
    case: 'get-many',
    fault: 'reads 100 tasks at most',
    says: /get of 300 ids answers 0 tasks/,
    methods: (store): Get => ({ get: (input) => store.get({ ...input, taskIds: input.taskIds.slice(0, 100) }) }),
  },
  {
    case: 'get-kinds',
    fault: 'reads entries of the first kind only',
    says: /get of the kinds published, variable/,
    methods: (store): Get => ({ get: (input) => store.get({ ...input, kinds: input.kinds.slice(0, 1) }) }),
  },
  {
    case: 'expiry-get',
    fault: 'shows a task at its expiry',
    says: /a task is shown at expiresAtMs/,
    methods: (store): Get => ({ get: (input) => store.get({ ...input, nowMs: input.nowMs - 1 }) }),
  },
  {
    case: 'names-apart',
    fault: 'composes the letters of names',
    says: /entries with strange names/,
    methods: (store): Get => ({
      async get(input) {
        const records = await store.get(input);
        const composed = ({ name, ...entry }: (typeof records)[0]['entries'][0]) => ({
          ...entry,
          name: name.normalize(),
        });
        return records.map(({ head, entries }) => ({ head, entries: entries.map(composed) }));
      },
    }),
  },
  {
    case: 'limits-checkpoints',
    fault: 'reads 1,000 entries at most',
    says: /1000 of 10000 checkpoints come back/,
    methods: (store): Get => ({
      async get(input) {
        const records = await store.get(input);
        return records.map(({ head, entries }) => ({ head, entries: entries.slice(0, 1_000) }));
      },
    }),
  },
  {
    case: 'race-reader',
    fault: 'reads the head first and the entries later',
    says: /entries are of another version than the head/,
    methods: (store): Get => ({
      async get(input) {
        const heads = new Map((await store.get({ ...input, kinds: [] })).map(({ head }) => [head.taskId, head]));
        await pause();
        const records = await store.get(input);
        return records.map(({ head, entries }) => ({ head: heads.get(head.taskId) ?? head, entries }));
      },
    }),
  },
  {
    case: 'hints-unreliable',
    fault: 'does not find a task right after a change',
    says: /is told to be gone that is not/,
    methods: (store): Get => ({
      async get(input) {
        return (await store.get(input)).filter(({ head }) => head.version === 1);
      },
    }),
  },
  {
    case: 'time-ahead',
    fault: 'goes by its own clock',
    says: /is there late/,
    methods: (store): Get => ({ get: (input) => store.get({ ...input, nowMs: Date.now() }) }),
  },
  {
    case: 'time-behind',
    fault: 'lets no clock be behind its own',
    says: /gone for a caller whose clock is behind/,
    methods: (store): Get => ({ get: (input) => store.get({ ...input, nowMs: Math.max(input.nowMs, Date.now()) }) }),
  },
  {
    case: 'expiry-list',
    fault: 'lists a task at its expiry',
    says: /hasMore promises an expired task/,
    methods: (store): List => ({ list: (input) => store.list({ ...input, nowMs: input.nowMs - 1 }) }),
  },
  {
    case: 'list-pages',
    fault: 'takes a full page for one that others follow',
    says: /promised more tasks than there are/,
    methods: (store): List => ({
      async list(input) {
        const { heads } = await store.list(input);
        return { heads, hasMore: heads.length === input.limit };
      },
    }),
  },
  {
    case: 'list-ties',
    fault: 'goes on after the millisecond, not after the task',
    says: /promised more tasks than there are|within one millisecond/,
    methods: (store): List => ({
      list: ({ after, ...input }) => store.list({ ...input, after: after && { ...after, taskId: '' } }),
    }),
  },
  {
    case: 'list-position',
    fault: 'begins anew after a task that is gone',
    says: /the tasks after/,
    methods: (store): List => ({
      async list({ after, ...input }) {
        const isThere = (await allOf(store, input.owner, input.nowMs)).some(({ taskId }) => taskId === after?.taskId);
        return store.list({ ...input, after: isThere ? after : undefined });
      },
    }),
  },
  {
    case: 'list-present',
    fault: 'lists heads as it listed them first',
    says: /the list shows another head than get/,
    methods: (store): List => ({
      async list(input) {
        const page = await store.list(input);
        return { ...page, heads: page.heads.map((head): TaskHead => ({ ...head, status: 'working' })) };
      },
    }),
  },
  {
    case: 'race-pages',
    fault: 'counts how many tasks were on the pages before',
    says: /a task is on two pages/,
    methods(store): List {
      const offsets = new Map<string, number>();
      return {
        async list({ after, ...input }) {
          const all = await allOf(store, input.owner, input.nowMs);
          const from = after === undefined ? 0 : (offsets.get(after.taskId) ?? 0);
          const heads = all.slice(from, from + input.limit);
          for (const [index, { taskId }] of heads.entries()) offsets.set(taskId, from + index + 1);
          return { heads, hasMore: all.length > from + input.limit };
        },
      };
    },
  },
  {
    case: 'list-cost',
    fault: 'reads all tasks for a page',
    says: /a page takes \d+ bytes instead of \d+/,
    methods: (store): List => ({
      async list({ limit, ...input }) {
        const { heads } = await store.list({ ...input, limit: 1_000_000 });
        return { heads: heads.slice(0, limit), hasMore: heads.length > limit };
      },
    }),
  },
  {
    case: 'owners-apart',
    fault: 'composes the letters of an owner',
    says: /the list of "nai/,
    methods: (store): List => ({ list: (input) => store.list({ ...input, owner: input.owner.normalize() }) }),
  },
];
