import type { TaskStore } from '@mcp-tasks/store';
import pg from 'pg';
import { HintChannel } from './hint-channel.ts';
import { migrate } from './migrate.ts';
import type { PostgresPoolLike, PostgresStoreOptions } from './options.ts';
import { PostgresTaskStore } from './postgres-task-store.ts';

/** A call ends in bounded time, whatever becomes of server and network. */
const DEFAULTS: pg.PoolConfig = {
  connectionTimeoutMillis: 5_000,
  query_timeout: 10_000,
  keepAlive: true,
  keepAliveInitialDelayMillis: 10_000,
  application_name: 'mcp-tasks',
};

/**
 * Keep tasks in PostgreSQL (13 or newer), shared by every process that names the same database and schema.
 *
 * `open()` makes or updates the schema. Each create, update, get and page is one statement and one round trip; what was
 * acknowledged survives a crash as far as `synchronous_commit` and `fsync` of the server say.
 *
 * @throws {TypeError} none of `connectionString`, `config` and `pool`, a string that is not of PostgreSQL, or a `schema` that
 *   is not a plain identifier.
 */
export function postgresStore(options: PostgresStoreOptions): TaskStore {
  const { connectionString, schema = 'mcp_tasks', hints } = options;
  if (!/^[a-z_][a-z0-9_]{0,47}$/.test(schema)) {
    throw new TypeError('postgresStore: schema must be 1 to 48 of a-z, 0-9 and _, not beginning with a digit.');
  }
  if (!options.pool && connectionString === undefined && !options.config) {
    throw new TypeError('postgresStore: give connectionString, config or pool.');
  }
  checkConnectionString('connectionString', connectionString);
  checkConnectionString('hints', hints === false ? undefined : hints);
  const config: pg.PoolConfig = {
    ...DEFAULTS,
    ...(connectionString !== undefined && { connectionString }),
    ...options.config,
  };
  const own = options.pool ? undefined : new pg.Pool(config);
  // A connection that breaks while idle is replaced at the next call, which reports what is wrong then.
  own?.on('error', () => undefined);
  const pool: PostgresPoolLike = options.pool ?? (own as unknown as PostgresPoolLike);
  return new PostgresTaskStore({
    pool,
    schema,
    preparedStatements: options.preparedStatements ?? false,
    hints: hintChannel(options, config, schema),
    open: () => migrate(pool, schema),
    close: async () => own?.end(),
  });
}

/** What `pg` cannot read it would take for the name of a database on this machine. */
function checkConnectionString(option: string, value: unknown): void {
  if (value === undefined || (typeof value === 'string' && /^(postgres(ql)?:\/\/|socket:|\/)/.test(value))) return;
  throw new TypeError(`postgresStore: ${option} must be of the form postgres://user:password@host:port/database.`);
}

function hintChannel(options: PostgresStoreOptions, config: pg.PoolConfig, schema: string): HintChannel | undefined {
  if (options.hints === false || (options.pool && options.hints === undefined)) return undefined;
  const direct = options.hints === undefined ? config : { ...config, connectionString: options.hints };
  return new HintChannel({ channel: `${schema}_hints`, client: () => new pg.Client(direct) });
}
