import type { TaskStore } from '@mcp-tasks/store';
import pg from 'pg';
import { HintChannel } from './hint-channel.ts';
import { migrate } from './migrate.ts';
import type { PostgresPoolLike, PostgresStoreOptions } from './options.ts';
import { PostgresTaskStore } from './postgres-task-store.ts';

const CONNECTION_TIMEOUT_MS = 5_000;

/**
 * Keep tasks in PostgreSQL (13 or newer), shared by every process that names the same database and schema.
 *
 * `open()` makes or updates the schema. Each create, update, get and page is one statement and one round trip; what was
 * acknowledged survives a crash as far as `synchronous_commit` and `fsync` of the server say.
 *
 * @throws {TypeError} neither `connectionString`, `config` nor `pool`, or a `schema` that is not a plain identifier.
 */
export function postgresStore(options: PostgresStoreOptions): TaskStore {
  const schema = options.schema ?? 'mcp_tasks';
  if (!/^[a-z_][a-z0-9_]{0,47}$/.test(schema)) {
    throw new TypeError(
      'postgresStore: schema must be 1 to 48 lower-case letters, digits and _, not beginning with a digit.',
    );
  }
  if (!options.pool && options.connectionString === undefined && !options.config) {
    throw new TypeError('postgresStore: give connectionString, config or pool.');
  }
  const config: pg.PoolConfig = {
    connectionTimeoutMillis: CONNECTION_TIMEOUT_MS,
    ...(options.connectionString !== undefined && { connectionString: options.connectionString }),
    ...options.config,
  };
  const own = options.pool ? undefined : new pg.Pool(config);
  // A connection that breaks while idle is replaced at the next call, which reports what is wrong then.
  own?.on('error', () => undefined);
  const pool: PostgresPoolLike = options.pool ?? (own as unknown as PostgresPoolLike);
  let closing: Promise<void> | undefined;
  return new PostgresTaskStore({
    pool,
    schema,
    preparedStatements: options.preparedStatements ?? false,
    hints: hintChannel(options, config, schema),
    open: () => migrate(pool, schema),
    close: () => (closing ??= own ? own.end() : Promise.resolve()),
  });
}

function hintChannel(options: PostgresStoreOptions, config: pg.PoolConfig, schema: string): HintChannel | undefined {
  if (options.hints === false || (options.pool && options.hints === undefined)) return undefined;
  const direct = options.hints === undefined ? config : { ...config, connectionString: options.hints };
  return new HintChannel({ channel: `${schema}_hints`, client: () => new pg.Client(direct) });
}
