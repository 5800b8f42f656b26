import { memoryStore } from '../memory/memory-store.ts';
import { TaskError } from '../port/task-error.ts';
import { PORT_VERSION, type TaskStore } from '../port/task-store.ts';
import { type LoadPackage, loadPackage } from './load-package.ts';
import type { StorePackage } from './store-urls.ts';

/** Members that a store may lack: until the package is loaded, it is not known. */
const OPTIONAL: ReadonlySet<PropertyKey> = new Set(['watch', 'serverTimeMs']);

/**
 * Make a store whose package is loaded by `open`. From then on it is the package's store, whichever members of the port
 * that has; before, every call is refused.
 */
export function lateStore(from: StorePackage, options: object, load?: LoadPackage): TaskStore {
  /** A store of the same port: what it has, a store has. */
  const shape = memoryStore();
  let store: TaskStore | undefined;
  let isClosed = false;

  const own: Pick<TaskStore, 'open' | 'close'> = {
    async open() {
      if (isClosed) throw new TaskError('STORE_CLOSED', 'The store is closed.');
      store ??= makeStore(from, options, await loadPackage(from, load));
      await store.open?.();
    },
    async close() {
      isClosed = true;
      await store?.close();
    },
  };
  const member = (name: PropertyKey): unknown => {
    if (name in own) return Reflect.get(own, name);
    const value: unknown = Reflect.get(store ?? shape, name);
    if (typeof value !== 'function') return value;
    if (store !== undefined) return value.bind(store) as unknown;
    return OPTIONAL.has(name) ? undefined : notOpen;
  };
  return new Proxy(shape, { get: (_shape, name) => member(name), has: (_shape, name) => member(name) !== undefined });
}

function makeStore({ name, factory }: StorePackage, options: object, loaded: unknown): TaskStore {
  const module = loaded as Readonly<Record<string, unknown>>;
  const inside = module['default'] as Readonly<Record<string, unknown>> | undefined;
  const make = module[factory] ?? inside?.[factory];
  if (typeof make === 'function') {
    const store = (make as (options: object) => TaskStore)(options);
    // Until now the version was that of this package: one without it, or with another, is older or newer.
    if ((store as Partial<TaskStore>).portVersion === PORT_VERSION) return store;
  }
  throw new TaskError(
    'STORE_INCOMPATIBLE',
    `The package "${name}" has no ${factory} for this version of "@mcp-tasks/store": install the same version of both.`,
  );
}

async function notOpen(): Promise<never> {
  throw new TaskError('STORE_UNAVAILABLE', 'The store is not open: call open() first, or start the task layer.', {
    retryable: true,
  });
}
