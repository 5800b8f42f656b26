import type { TaskHint, TaskStore } from '@mcp-tasks/store';

/** A store whose watch also tells of what this process wrote, at once and whatever the store itself can do. */
export interface HintedStore {
  readonly store: TaskStore;
  readonly hint: (hint: TaskHint) => void;
}

/** Add hints of this process to those of a store. */
export function hintedStore(store: TaskStore): HintedStore {
  const listeners = new Set<(hint: TaskHint) => void>();
  return {
    hint(hint) {
      for (const listener of listeners) listener(hint);
    },
    store: {
      create: (input) => store.create(input),
      get: (input) => store.get(input),
      update: (input) => store.update(input),
      list: (input) => store.list(input),
      due: (input) => store.due(input),
      renew: (input) => store.renew(input),
      deleteExpired: (input) => store.deleteExpired(input),
      async watch(listener) {
        const own = (hint: TaskHint) => {
          listener(hint);
        };
        listeners.add(own);
        const stop = await store.watch?.(own).catch((error: unknown) => {
          listeners.delete(own);
          throw error;
        });
        return async () => {
          listeners.delete(own);
          await stop?.();
        };
      },
      close: () => store.close(),
    },
  };
}
