import { checkOptions, option, type OptionTableOf } from '@mcp-tasks/wire';

/** One statement, as `pg` takes it. */
export interface PostgresQuery {
  readonly text: string;
  readonly values?: unknown[];
  /** Keeps the statement prepared under this name. */
  readonly name?: string;
  /** Milliseconds after which the client gives up; replaces the pool's own value. */
  readonly query_timeout?: number;
}

/** The part of a `pg` pool (or of an object that behaves like one) that the store needs. */
export interface PostgresPoolLike {
  /** Run one statement on any free connection. */
  query(query: PostgresQuery): Promise<{ rows: unknown[] }>;
  /** Check a connection out; the store releases it. */
  connect(): Promise<PostgresClientLike>;
}

/** A client checked out of the pool. */
export interface PostgresClientLike {
  /** Run one statement on this connection. */
  query(query: PostgresQuery): Promise<{ rows: unknown[] }>;
  /** Give the connection back to the pool, or end it. */
  release(destroy?: boolean | Error): void;
  /** Listen for a connection that breaks; absent = the client does not report one. */
  on?(event: 'error', listener: () => void): unknown;
  /** Stop listening. */
  removeListener?(event: 'error', listener: () => void): unknown;
}

/**
 * Options of `postgresStore`.
 *
 * @example
 * const options: PostgresStoreOptions = { pool, schema: 'app_tasks', hints: 'postgres://app@127.0.0.1/app' };
 * const layer = createTasks({ store: postgresStore(options) });
 */
export interface PostgresStoreOptions {
  /**
   * `postgres://user:password@host:port/database`; TLS and the rest by its parameters, as `pg` reads them. The store
   * opens and closes a pool of its own.
   */
  readonly connectionString?: string | undefined;
  /**
   * Options of `pg` for the store's own pool (`ssl`, `max`, …). With `connectionString`, server and login come from
   * that string only. Without it they come from these options (`host`, `user`, a `password` function, …). Defaults of
   * the store: `connectionTimeoutMillis` 5,000 (also the longest wait for a free connection), `query_timeout` 10,000,
   * `keepAlive` true, `application_name` `mcp-tasks`.
   */
  readonly config?: Readonly<Record<string, unknown>> | undefined;
  /** An open pool, which `close()` leaves open. Replaces `connectionString` and `config`. */
  readonly pool?: PostgresPoolLike | undefined;
  /** Schema of the store's tables, made when missing; 1 to 48 of a-z, 0-9 and `_`. Default `mcp_tasks`. */
  readonly schema?: string | undefined;
  /**
   * Connection string for hints of changes between processes: a direct connection, since a transaction pooler cannot
   * listen. Default: the same as the store's own pool; `false` (and the default with `pool`) = no hints, waiters poll
   * every second.
   */
  readonly hints?: string | false | undefined;
  /** Keep the statements prepared on each connection: faster, but not behind a transaction pooler. Default false. */
  readonly preparedStatements?: boolean | undefined;
}

const POSTGRES_OPTIONS: OptionTableOf<PostgresStoreOptions> = {
  connectionString: option.text,
  config: option.object,
  pool: option.methods('a pool of pg, or an object like one', 'query', 'connect'),
  schema: {
    expected: '1 to 48 of a-z, 0-9 and _, not beginning with a digit',
    fits: (value) => typeof value === 'string' && /^[a-z_][a-z0-9_]{0,47}$/.test(value),
  },
  hints: { expected: 'a connection string, or false', fits: (value) => value === false || typeof value === 'string' },
  preparedStatements: option.flag,
};

/** Check the options of `postgresStore`. @throws as {@link checkOptions} */
export function checkPostgresOptions(options: PostgresStoreOptions | undefined): PostgresStoreOptions {
  checkOptions('postgresStore', options, POSTGRES_OPTIONS);
  const { connectionString, hints, pool, config } = options ?? {};
  if (pool === undefined && connectionString === undefined && config === undefined) {
    throw new TypeError('Give postgresStore connectionString, config or pool.');
  }
  checkConnectionString('connectionString', connectionString);
  checkConnectionString('hints', hints === false ? undefined : hints);
  return { ...options };
}

/**
 * Check a connection string: `pg` would take an unreadable one for the name of a database on this machine. The message
 * does not show it, since it may hold a password.
 */
function checkConnectionString(name: string, value: string | undefined): void {
  if (value === undefined || /^(postgres(ql)?:\/\/|socket:|\/)/.test(value)) return;
  throw new TypeError(`${name} of postgresStore must be of the form postgres://user:password@host:port/database.`);
}
