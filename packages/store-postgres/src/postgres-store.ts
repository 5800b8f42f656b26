import type { TaskStore } from '@mcp-tasks/store';
import { connections } from './connection.ts';
import { migrate } from './migrate.ts';
import type { PostgresStoreOptions } from './options.ts';
import { PostgresTaskStore } from './postgres-task-store.ts';

/**
 * Keep tasks in PostgreSQL (13 or newer), shared by every process that names the same database and schema.
 *
 * `open()` makes or updates the schema. Each method is one statement and one round trip. An acknowledged write survives
 * a crash as far as `synchronous_commit` and `fsync` of the server say.
 *
 * @throws {TypeError} none of `connectionString`, `config` and `pool`, a string that is not of PostgreSQL, or a
 * `schema` that
 *   is not a plain identifier.
 *
 * @example
 * const layer = createTasks({ store: postgresStore({ connectionString: 'postgres://app@127.0.0.1/app' }) });
 */
export function postgresStore(options: PostgresStoreOptions): TaskStore {
  const { connectionString, schema = 'mcp_tasks' } = options;
  if (!/^[a-z_][a-z0-9_]{0,47}$/.test(schema)) {
    throw new TypeError('schema of postgresStore must be 1 to 48 of a-z, 0-9 and _, not beginning with a digit.');
  }
  if (!options.pool && connectionString === undefined && !options.config) {
    throw new TypeError('Give postgresStore connectionString, config or pool.');
  }
  const { pool, hints, close } = connections(options, schema);
  return new PostgresTaskStore({
    pool,
    schema,
    preparedStatements: options.preparedStatements ?? false,
    hints,
    open: () => migrate(pool, schema),
    close,
  });
}
