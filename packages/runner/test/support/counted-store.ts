import type { TaskStore } from '@mcp-tasks/store';

type Method = 'create' | 'get' | 'update' | 'list' | 'due' | 'renew' | 'deleteExpired';

/** What a test wants to happen before a call reaches the store: throw to make it fail. */
type Interfere = (method: Method, input: unknown) => void | Promise<void>;

/** A store that counts its calls, and may be made to fail. */
export function counted(inner: TaskStore) {
  const calls: Record<Method, number> = { create: 0, get: 0, update: 0, list: 0, due: 0, renew: 0, deleteExpired: 0 };
  const interference: { before?: Interfere; after?: Interfere } = {};
  const wrap = <Input, Answer>(method: Method, call: (input: Input) => Promise<Answer>) => {
    return async (input: Input): Promise<Answer> => {
      calls[method]++;
      await interference.before?.(method, input);
      const answer = await call(input);
      await interference.after?.(method, input);
      return answer;
    };
  };
  const store: TaskStore = {
    create: wrap('create', (input) => inner.create(input)),
    get: wrap('get', (input) => inner.get(input)),
    update: wrap('update', (input) => inner.update(input)),
    list: wrap('list', (input) => inner.list(input)),
    due: wrap('due', (input) => inner.due(input)),
    renew: wrap('renew', (input) => inner.renew(input)),
    deleteExpired: wrap('deleteExpired', (input) => inner.deleteExpired(input)),
    watch: async (listener) => (await inner.watch?.(listener)) ?? (async () => undefined),
    close: () => inner.close(),
    ...(inner.serverTimeMs !== undefined && { serverTimeMs: () => inner.serverTimeMs?.() ?? Promise.resolve(NaN) }),
  };
  return { store, calls, interference };
}
