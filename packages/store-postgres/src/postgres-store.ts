import type { TaskStore } from '@mcp-tasks/store';
import { connections } from './connection.ts';
import { migrate } from './migrate.ts';
import { checkPostgresOptions, type PostgresStoreOptions } from './options.ts';
import { PostgresTaskStore } from './postgres-task-store.ts';

/**
 * Keep tasks in PostgreSQL (13 or newer), shared by every process that names the same database and schema.
 *
 * `open()` makes or updates the schema. Each method is one statement and one round trip. An acknowledged write survives
 * a crash as far as `synchronous_commit` and `fsync` of the server say.
 *
 * @throws {TypeError} an option is unknown or of the wrong type; none of `connectionString`, `config` and `pool`; a
 *   string that is not of PostgreSQL; or a `schema` that is not a plain identifier.
 *
 * @example
 * const layer = createTasks({ store: postgresStore({ connectionString: 'postgres://app@127.0.0.1/app' }) });
 */
export function postgresStore(options: PostgresStoreOptions): TaskStore {
  const checked = checkPostgresOptions(options);
  const { schema = 'mcp_tasks', preparedStatements = false } = checked;
  const { pool, hints, close } = connections(checked, schema);
  return new PostgresTaskStore({
    pool,
    schema,
    preparedStatements,
    hints,
    open: () => migrate(pool, schema),
    close,
  });
}
