/** The package behind a scheme, and what its store is made of. */
export interface StorePackage {
  readonly name: string;
  /** The driver that is installed with it; undefined where Node.js has one. */
  readonly driver?: string | undefined;
  /** The function of the package that makes the store. */
  readonly factory: string;
  /** Make the function's options. @throws {TypeError} the URL names no place. */
  readonly options: (url: string) => object;
}

const POSTGRES: StorePackage = {
  name: '@mcp-tasks/store-postgres',
  driver: 'pg',
  factory: 'postgresStore',
  options: (connectionString) => ({ connectionString }),
};

const REDIS: StorePackage = {
  name: '@mcp-tasks/store-redis',
  driver: 'ioredis',
  factory: 'redisStore',
  options: (url) => ({ url }),
};

const SQLITE: StorePackage = {
  name: '@mcp-tasks/store-sqlite',
  factory: 'sqliteStore',
  options: (url) => ({ path: sqlitePath(url) }),
};

/** Which package keeps the tasks of a URL, by its scheme. These are the packages that `layers.json` lists for `open`. */
export const STORE_PACKAGES: Readonly<Record<string, StorePackage>> = {
  sqlite: SQLITE,
  postgres: POSTGRES,
  postgresql: POSTGRES,
  redis: REDIS,
  rediss: REDIS,
};

/** The scheme of a URL in small letters; undefined when it has none. A single letter is a drive of Windows. */
export function schemeOf(url: string): string | undefined {
  return /^([a-z][a-z0-9+.-]+):/iu.exec(url)?.[1]?.toLowerCase();
}

/** `sqlite:tasks.db` and `sqlite://tasks.db` are relative, `sqlite:/tasks.db` and `sqlite:///tasks.db` absolute. */
function sqlitePath(url: string): string {
  const path = url.slice('sqlite:'.length).replace(/^\/\//u, '');
  if (path === '') throw new TypeError('The store "sqlite:" needs the path of a file, as in "sqlite:tasks.db".');
  if (path.includes('?')) {
    throw new TypeError(
      'The store "sqlite:" takes a path alone: give options to sqliteStore of "@mcp-tasks/store-sqlite".',
    );
  }
  return path.replace(/^\/(?=[a-z]:[/\\])/iu, '');
}
