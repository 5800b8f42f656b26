import { PORT_VERSION, type TaskStore } from '@mcp-tasks/store';

const METHODS = ['create', 'get', 'update', 'findJoinable', 'list', 'due', 'claim', 'renew', 'deleteExpired'] as const;

type Method = (typeof METHODS)[number];

/** What a test wants to happen before a call reaches the store: throw to make it fail. */
type Interfere = (method: Method, input: unknown) => void | Promise<void>;

/** A store that counts its calls, and may be made to fail. */
export function counted(inner: TaskStore) {
  const calls = Object.fromEntries(METHODS.map((method) => [method, 0])) as Record<Method, number>;
  const interference: { before?: Interfere; after?: Interfere; answered?: (method: Method, answer: unknown) => void } =
    {};
  const wrap = <Input, Answer>(method: Method, call: (input: Input) => Promise<Answer>) => {
    return async (input: Input): Promise<Answer> => {
      calls[method]++;
      await interference.before?.(method, input);
      const answer = await call(input);
      await interference.after?.(method, input);
      interference.answered?.(method, answer);
      return answer;
    };
  };
  const store: TaskStore = {
    portVersion: PORT_VERSION,
    create: wrap('create', (input) => inner.create(input)),
    get: wrap('get', (input) => inner.get(input)),
    update: wrap('update', (input) => inner.update(input)),
    findJoinable: wrap('findJoinable', (input) => inner.findJoinable(input)),
    list: wrap('list', (input) => inner.list(input)),
    due: wrap('due', (input) => inner.due(input)),
    claim: wrap('claim', (input) => inner.claim(input)),
    renew: wrap('renew', (input) => inner.renew(input)),
    deleteExpired: wrap('deleteExpired', (input) => inner.deleteExpired(input)),
    watch: async (listener) => (await inner.watch?.(listener)) ?? (async () => undefined),
    close: () => inner.close(),
    ...(inner.serverTimeMs !== undefined && { serverTimeMs: () => inner.serverTimeMs?.() ?? Promise.resolve(NaN) }),
  };
  return { store, calls, interference };
}
