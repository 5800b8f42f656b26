import { TaskError } from '@mcp-tasks/store';
import { Umzug, type UmzugStorage } from 'umzug';
import { storeError } from './errors.ts';
import { type Migration, migrations as ourMigrations } from './migrations/index.ts';
import type { PostgresClientLike, PostgresPoolLike } from './options.ts';

/**
 * Bring the schema up to date, once however many processes start together.
 *
 * One transaction under an advisory lock: what waits for the lock finds the work done. A database with newer steps is
 * accepted when each of them still works with this code.
 *
 * @throws {TaskError} STORE_INCOMPATIBLE - the schema is from a newer, incompatible version; STORE_UNAVAILABLE.
 */
export async function migrate(
  pool: PostgresPoolLike,
  schema: string,
  migrations: readonly Migration[] = ourMigrations,
): Promise<void> {
  let client: PostgresClientLike | undefined;
  try {
    client = await pool.connect();
    await client.query({ text: 'BEGIN' });
    await client.query({
      text: 'SELECT pg_advisory_xact_lock(hashtextextended($1, 1))',
      values: [`mcp-tasks ${schema}`],
    });
    await migrateLocked(client, schema, migrations);
    await client.query({ text: 'COMMIT' });
    client.release();
  } catch (error) {
    client?.release(true); // the transaction ends with the connection
    throw storeError(error instanceof Error && error.cause !== undefined ? error.cause : error);
  }
}

async function migrateLocked(
  client: PostgresClientLike,
  schema: string,
  migrations: readonly Migration[],
): Promise<void> {
  const exists = await client.query({ text: 'SELECT to_regclass($1) AS found', values: [`${schema}.migrations`] });
  if ((exists.rows[0] as { found: string | null }).found === null) {
    await client.query({ text: `CREATE SCHEMA IF NOT EXISTS ${schema}` });
    await client.query({
      text: `CREATE TABLE ${schema}.migrations (name text PRIMARY KEY, compatible_from integer NOT NULL)`,
    });
  }
  const { rows } = await client.query({ text: `SELECT name, compatible_from FROM ${schema}.migrations` });
  const executed = rows as { readonly name: string; readonly compatible_from: number }[];
  const known = new Set(migrations.map(({ name }) => name));
  const breaking = executed.find(
    ({ name, compatible_from }) => !known.has(name) && compatible_from > migrations.length,
  );
  if (breaking) {
    throw new TaskError(
      'STORE_INCOMPATIBLE',
      `The PostgreSQL schema ${schema} has the step ${breaking.name} of a newer version, with which this version cannot work: upgrade @mcp-tasks/store-postgres.`,
    );
  }
  const storage: UmzugStorage = {
    executed: async () => executed.map(({ name }) => name).filter((name) => known.has(name)),
    logMigration: async ({ name }) => {
      const { compatibleFrom } = migrations.find((migration) => migration.name === name) ?? { compatibleFrom: 1 };
      await client.query({ text: `INSERT INTO ${schema}.migrations VALUES ($1, $2)`, values: [name, compatibleFrom] });
    },
    unlogMigration: async ({ name }) => {
      await client.query({ text: `DELETE FROM ${schema}.migrations WHERE name = $1`, values: [name] });
    },
  };
  const steps = migrations.map(({ name, sql }) => ({ name, up: async () => client.query({ text: sql(schema) }) }));
  await new Umzug({ migrations: steps, storage, logger: undefined }).up();
}
