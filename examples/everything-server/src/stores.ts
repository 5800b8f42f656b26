import { memoryStore, type TaskStore } from '@mcp-tasks/store';

/** How a store is made from its URL. */
interface StoreKind {
  /** Tell whether the rest of the URL makes sense. */
  readonly accepts: (url: string) => boolean;
  /** Make the store; loads its package and driver, which no other store needs. */
  readonly open: (url: string) => TaskStore | Promise<TaskStore>;
}

const isUrl = (url: string): boolean => /^[a-z]+:\/\/./.test(url) && URL.canParse(url);

const memory: StoreKind = { accepts: (url) => url === 'memory:', open: () => memoryStore() };
const sqlite: StoreKind = {
  accepts: (url) => url !== 'sqlite:',
  open: async (url) => {
    const { sqliteStore } = await import('@mcp-tasks/store-sqlite');
    return sqliteStore({ path: url.slice('sqlite:'.length) });
  },
};
const postgres: StoreKind = {
  accepts: isUrl,
  open: async (connectionString) => {
    const { postgresStore } = await import('@mcp-tasks/store-postgres');
    return postgresStore({ connectionString });
  },
};
const redis: StoreKind = {
  accepts: isUrl,
  open: async (url) => {
    const { redisStore } = await import('@mcp-tasks/store-redis');
    return redisStore({ url });
  },
};

/** The stores that `STORE_URL` can name, by the scheme of the URL. */
const STORES = new Map<string, StoreKind>([
  ['memory:', memory],
  ['sqlite:', sqlite],
  ['postgres:', postgres],
  ['postgresql:', postgres],
  ['redis:', redis],
  ['rediss:', redis],
]);

function kindOf(url: string): StoreKind | undefined {
  const scheme = /^[a-z][a-z0-9+.-]*:/.exec(url)?.[0];
  return scheme === undefined ? undefined : STORES.get(scheme);
}

/** Say what is wrong with a store URL without repeating it, since it may hold a password. */
export function storeUrlProblem(url: string): string | undefined {
  const kind = kindOf(url);
  if (kind === undefined) return `must begin with one of: ${[...STORES.keys()].join(', ')}`;
  return kind.accepts(url) ? undefined : 'is no URL that this store understands';
}

/** Make the store that a URL names. @throws {RangeError} {@link storeUrlProblem} has something to say. */
export async function openStore(url: string): Promise<TaskStore> {
  const problem = storeUrlProblem(url);
  const kind = kindOf(url);
  if (problem !== undefined || kind === undefined) throw new RangeError(`STORE_URL ${problem ?? ''}`);
  return kind.open(url);
}
