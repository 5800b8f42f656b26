import { memoryStore, TaskError, type TaskStore } from '@mcp-tasks/store';
import { sameStore } from '../../src/fakes/faulty-store.ts';
import type { StoreCost, StoreData, StoreHarness } from '../../src/index.ts';
import { connect } from './connect-served.ts';
import { serveStore } from './served-store.ts';

type Change = (store: TaskStore) => Partial<TaskStore>;

const CALLS = ['create', 'get', 'update', 'findJoinable', 'list', 'due', 'claim', 'renew', 'deleteExpired'] as const;

/** A memory store whose calls are counted with the bytes of what goes in and out. */
function counted(store: TaskStore, cost: { operations: number; bytes: number }): TaskStore {
  const counting = (name: (typeof CALLS)[number]) => async (input: never) => {
    const answer: unknown = await store[name](input);
    cost.operations += 1;
    cost.bytes += JSON.stringify([input, answer]).length;
    return answer;
  };
  return sameStore(store, Object.fromEntries(CALLS.map((name) => [name, counting(name)])));
}

/** As a store on a server does it: nothing has expired or is due before the server's present. */
function onServer(store: TaskStore): TaskStore {
  const early = <Input extends { readonly nowMs: number }>(input: Input): Input => ({
    ...input,
    nowMs: Math.min(input.nowMs, Date.now()),
  });
  return sameStore(store, {
    create: (input) => store.create(early(input)),
    due: (input) => store.due(early(input)),
    claim: (input) => store.claim(early(input)),
    renew: (input) => store.renew(early(input)),
    deleteExpired: (input) => store.deleteExpired(early(input)),
    serverTimeMs: async () => Date.now(),
  });
}

/** One of several connections to a store: closing it, or the crash of its process, leaves the others alone. */
function connection(store: TaskStore, close: TaskStore['close'] | undefined): { store: TaskStore; crash(): void } {
  let over: TaskError | undefined;
  const guarded =
    (name: (typeof CALLS)[number] | 'watch') =>
    async (input: never): Promise<unknown> => {
      if (over !== undefined) throw over;
      return store[name]?.(input);
    };
  const methods = Object.fromEntries([...CALLS, 'watch' as const].map((name) => [name, guarded(name)]));
  const closeThis = async () => void (over ??= new TaskError('STORE_CLOSED', 'The connection is closed.'));
  return {
    store: sameStore(store, { ...methods, close: close ?? closeThis }),
    crash: () => (over = new TaskError('STORE_UNAVAILABLE', 'The process is gone.')),
  };
}

/**
 * Memory that several connections share as if it were a database: they can be closed and crash one by one, and calls
 * are counted. `change` replaces methods, for all connections alike.
 */
export function memoryHarness(change: Change = () => ({}), hasServerTime = false): StoreHarness {
  return {
    hasServerTime,
    async create(): Promise<StoreData> {
      const memory = memoryStore();
      const cost = { operations: 0, bytes: 0 };
      const methods = change(counted(memory, cost));
      const whole = counted(memory, cost);
      const store = sameStore(hasServerTime ? onServer(whole) : whole, methods);
      const connections = new Set<ReturnType<typeof connection>>();
      return {
        async connect() {
          const opened = connection(store, methods.close);
          await methods.open?.();
          connections.add(opened);
          return opened.store;
        },
        async crash() {
          for (const opened of connections) opened.crash();
        },
        cost: (): StoreCost => ({ ...cost }),
        destroy: () => memory.close(),
      };
    },
  };
}

/** The same behind a socket, so that processes can share it. */
export function servedHarness(change: Change = () => ({})): StoreHarness {
  return {
    async create(): Promise<StoreData> {
      const memory = memoryStore();
      const server = await serveStore(sameStore(memory, change(memory)));
      const { port } = server;
      return {
        connect: () => connect({ port }),
        process: {
          module: new URL('./connect-served.ts', import.meta.url),
          data: { port },
          execArgv: ['--conditions=@mcp-tasks/source', '--import', 'tsx'],
        },
        cost: () => server.cost(),
        async destroy() {
          await server.close();
          await memory.close();
        },
      };
    },
  };
}
