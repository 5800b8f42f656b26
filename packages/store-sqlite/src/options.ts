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

/** Check options and fill in defaults. */
export function resolveOptions(options: SqliteTaskStoreOptions): ResolvedOptions {
  const { path, database, synchronous = 'FULL', lockTimeoutMs = 5_000, watchIntervalMs = 50 } = options;
  if ((path === undefined) === (database === undefined)) {
    throw new TypeError('Give sqliteStore either path or database.');
  }
  const source: unknown = path ?? database;
  if (path !== undefined && (typeof source !== 'string' || source === '' || source.includes('\0'))) {
    throw new TypeError('path of sqliteStore must be the path of a file.');
  }
  if (path === undefined && !isDatabase(source)) {
    throw new TypeError('database of sqliteStore must be an open connection of node:sqlite or better-sqlite3.');
  }
  if (!['FULL', 'NORMAL'].includes(synchronous)) {
    throw new TypeError('synchronous of sqliteStore must be "FULL" or "NORMAL".');
  }
  requireRange('lockTimeoutMs', lockTimeoutMs, { min: 0, max: 2 ** 31 - 1 });
  requireRange('watchIntervalMs', watchIntervalMs, { min: 1, max: 60_000 });
  return { source: source as string | SqliteDatabaseLike, synchronous, lockTimeoutMs, watchIntervalMs };
}

function isDatabase(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const methods = value as Record<string, unknown>;
  return ['exec', 'prepare', 'close'].every((name) => typeof methods[name] === 'function');
}

function requireRange(name: string, value: number, { min, max }: { readonly min: number; readonly max: number }): void {
  if (typeof value !== 'number') throw new TypeError(`${name} of sqliteStore must be a number of milliseconds.`);
  if (!(value >= min && value <= max)) {
    throw new RangeError(`${name} of sqliteStore must be ${min} to ${max} milliseconds.`);
  }
}
