import type { TaskError } from '@mcp-tasks/store';
import { incompatible, isRefused } from './errors.ts';
import type { Migration } from './migrations/migration.ts';
import type { SqliteSession } from './sqlite-session.ts';
import { CHECK_TABLES } from './statements.ts';

type StoredSchema = Omit<Migration, 'sql'>;

// One row. It is older than every migration, and none changes these columns, so that every later version can read it.
const SCHEMA_TABLE = `
  CREATE TABLE IF NOT EXISTS mcp_task_schema (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    version INTEGER NOT NULL,
    oldest_compatible_version INTEGER NOT NULL,
    change_seq INTEGER NOT NULL
  ) STRICT;
  INSERT OR IGNORE INTO mcp_task_schema VALUES (1, 0, 0, 0);
`;

/**
 * Bring the tables to the newest schema that this code knows.
 *
 * Of several processes at once, one does the work and the others find it done. A newer schema is left alone if it says
 * that this code can work on it.
 *
 * @throws {TaskError} STORE_INCOMPATIBLE - the tables are not ours, or need a newer version of this package.
 */
export function migrate(session: SqliteSession, migrations: readonly Migration[]): void {
  try {
    session.transaction(() => {
      if (!hasTable(session, 'mcp_task_schema')) session.script(SCHEMA_TABLE);
      const schema = storedSchema(session);
      refuseNewer(schema, migrations.at(-1)?.version ?? 0);
      for (const migration of migrations.slice(schema.version)) apply(session, migration);
      session.get(CHECK_TABLES);
    });
  } catch (error) {
    throw isRefused(error) ? notOurs(error) : error;
  }
}

function refuseNewer({ version, oldestCompatibleVersion }: StoredSchema, known: number): void {
  if (oldestCompatibleVersion <= known) return;
  throw incompatible(
    `The database has schema ${version}, made by a newer @mcp-tasks/store-sqlite; this one knows schema ${known}, and at least ${oldestCompatibleVersion} is needed: update the package.`,
  );
}

function apply(session: SqliteSession, { sql, version, oldestCompatibleVersion }: Migration): void {
  session.script(sql);
  session.run('UPDATE mcp_task_schema SET version = :version, oldest_compatible_version = :oldestCompatibleVersion', {
    version,
    oldestCompatibleVersion,
  });
}

function hasTable(session: SqliteSession, name: string): boolean {
  return session.get("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = :name", { name }) !== undefined;
}

function storedSchema(session: SqliteSession): StoredSchema {
  const row = session.get('SELECT version, oldest_compatible_version FROM mcp_task_schema');
  const { version, oldest_compatible_version: oldestCompatibleVersion } = row ?? {};
  if (typeof version !== 'number' || typeof oldestCompatibleVersion !== 'number') throw notOurs();
  return { version, oldestCompatibleVersion };
}

function notOurs(cause?: unknown): TaskError {
  return incompatible(
    'SQLite is older than 3.41, or the database has tables named mcp_task… that are not of this store: use another file.',
    cause,
  );
}
