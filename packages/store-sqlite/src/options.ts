import { checkOptions, option, type OptionTableOf } from '@mcp-tasks/wire';
import type { SqliteDatabaseLike } from './sqlite-database.ts';

/**
 * The state of the disk when a write is acknowledged: `FULL` survives a power failure, `NORMAL` survives the death of
 * the process, but may lose the last acknowledged writes when the power fails.
 */
export type SqliteSynchronous = 'FULL' | 'NORMAL';

interface CommonOptions {
  /** Failures that an acknowledged write survives; default `FULL`. */
  readonly synchronous?: SqliteSynchronous | undefined;
  /** How long a call waits for a database that others have locked, in milliseconds, from 0; default 5,000. */
  readonly lockTimeoutMs?: number | undefined;
  /**
   * How often the store looks for changes by other processes while a listener watches, in milliseconds, 1 to 60,000;
   * default 50.
   */
  readonly watchIntervalMs?: number | undefined;
}

/**
 * The store opens a file, and closes it.
 *
 * @example
 * const options: SqliteFileOptions = { path: 'tasks.db', synchronous: 'NORMAL' };
 * const store = sqliteStore(options);
 */
export interface SqliteFileOptions extends CommonOptions {
  /** Path of the database file, made when missing; `:memory:` keeps everything in this process. */
  readonly path: string;
  readonly database?: undefined;
}

/**
 * The store uses a connection that it does not close.
 *
 * @example
 * declare const database: SqliteDatabaseLike;
 * const options: SqliteConnectionOptions = { database };
 * const store = sqliteStore(options);
 */
export interface SqliteConnectionOptions extends CommonOptions {
  /**
   * An open connection that only the store uses: the store sets `journal_mode`, `synchronous`,
   * `fullfsync` and `busy_timeout` on it. `close()` leaves it open.
   */
  readonly database: SqliteDatabaseLike;
  readonly path?: undefined;
}

/**
 * Options of {@link sqliteStore}.
 *
 * @example
 * const options: SqliteTaskStoreOptions = { path: 'tasks.db', lockTimeoutMs: 10_000 };
 * const store = sqliteStore(options);
 */
export type SqliteTaskStoreOptions = SqliteFileOptions | SqliteConnectionOptions;

/** Options with every default filled in. */
export interface ResolvedOptions {
  readonly source: string | SqliteDatabaseLike;
  readonly synchronous: SqliteSynchronous;
  readonly lockTimeoutMs: number;
  readonly watchIntervalMs: number;
}

const SQLITE_OPTIONS: OptionTableOf<SqliteTaskStoreOptions> = {
  path: {
    expected: 'the path of a file',
    fits: (value) => typeof value === 'string' && value !== '' && !value.includes('\0'),
  },
  database: option.methods('an open connection of node:sqlite or better-sqlite3', 'exec', 'prepare', 'close'),
  synchronous: option.choice('FULL', 'NORMAL'),
  lockTimeoutMs: option.integer(0, 2 ** 31 - 1),
  watchIntervalMs: option.integer(1, 60_000),
};

/** Check options and fill in defaults. @throws as {@link checkOptions} */
export function resolveOptions(options: SqliteTaskStoreOptions | undefined): ResolvedOptions {
  checkOptions('sqliteStore', options, SQLITE_OPTIONS);
  const given: Partial<SqliteTaskStoreOptions> = options ?? {};
  const { synchronous = 'FULL', lockTimeoutMs = 5_000, watchIntervalMs = 50 } = given;
  const sources = [given.path, given.database].filter((source) => source !== undefined);
  const [source] = sources;
  if (source === undefined || sources.length > 1) {
    throw new TypeError('Give sqliteStore either path or database.');
  }
  return { source, synchronous, lockTimeoutMs, watchIntervalMs };
}
