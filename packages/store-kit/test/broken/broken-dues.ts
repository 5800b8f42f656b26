import type { TaskStore } from '@mcp-tasks/store';
import type { BrokenStore } from './broken-store.ts';

type Due = Pick<TaskStore, 'due'>;

export const brokenDues: readonly BrokenStore[] = [
  {
    case: 'due-others',
    fault: 'takes a handler that is like a named one for it',
    says: /the due tasks of other handlers, in their order/,
    methods: (store): Due => ({
      async due(input) {
        const heads = await store.due(input);
        if (!('except' in input.handlers)) return heads;
        const known = input.handlers.except;
        return heads.filter(({ handler }) => !known.some((name) => handler.startsWith(name)));
      },
    }),
  },
  {
    case: 'due-others-cost',
    fault: 'reads the due tasks of all handlers to find those of others',
    says: /a list takes \d+ (bytes|operations) instead of \d+/,
    methods: (store): Due => ({
      async due(input) {
        if ('except' in input.handlers) await store.due({ ...input, handlers: { except: [] }, limit: 1_000_000 });
        return store.due(input);
      },
    }),
  },
];
