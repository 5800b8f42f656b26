import { TaskError, type TaskStore, type UpdateTask } from '../src/index.ts';

/** The failure of a store whose connection broke. */
export function unavailable(): TaskError {
  return new TaskError('STORE_UNAVAILABLE', 'The store cannot be reached.', { retryable: true });
}

/** A store around another, with something done before or after its writes and reads. */
export function aroundStore(
  store: TaskStore,
  hooks: {
    readonly beforeUpdate?: (update: UpdateTask) => void | Promise<void>;
    readonly afterUpdate?: (update: UpdateTask) => void | Promise<void>;
    readonly afterClaim?: () => void | Promise<void>;
    readonly beforeGet?: (taskIds: readonly string[]) => void | Promise<void>;
  },
): TaskStore {
  return {
    portVersion: store.portVersion,
    create: (input) => store.create(input),
    async get(input) {
      await hooks.beforeGet?.(input.taskIds);
      return store.get(input);
    },
    async update(update) {
      await hooks.beforeUpdate?.(update);
      const outcome = await store.update(update);
      await hooks.afterUpdate?.(update);
      return outcome;
    },
    findJoinable: (input) => store.findJoinable(input),
    list: (input) => store.list(input),
    due: (input) => store.due(input),
    async claim(input) {
      const outcome = await store.claim(input);
      await hooks.afterClaim?.();
      return outcome;
    },
    renew: (input) => store.renew(input),
    deleteExpired: (input) => store.deleteExpired(input),
    ...(store.watch && { watch: store.watch.bind(store) }),
    close: () => store.close(),
  };
}

/** Calls of a hook, of which those that `fails` names throw STORE_UNAVAILABLE. */
export function failing(fails: (call: number) => boolean): (() => void) & { readonly calls: number } {
  let calls = 0;
  const hook = () => {
    calls += 1;
    if (fails(calls)) throw unavailable();
  };
  return Object.defineProperty(hook, 'calls', { get: () => calls }) as typeof hook & { readonly calls: number };
}
