import { TaskError } from '@mcp-tasks/store';
import { checkOut, putBack } from './check-out.ts';
import { storeError } from './errors.ts';
import { type Migration, migrations as ourMigrations } from './migrations/index.ts';
import type { PostgresClientLike, PostgresPoolLike } from './options.ts';

const OLDEST_SERVER = 130_000;
/** Time for one step: it may rewrite a table, and other processes wait for it. */
const STEP_TIMEOUT_MS = 600_000;

type Query = (text: string, values?: unknown[]) => Promise<readonly Readonly<Record<string, unknown>>[]>;

/**
 * Bring the schema up to date, once however many processes start together, and check that the store can work there.
 *
 * It is one transaction under an advisory lock: a process that waits for the lock finds the work done. A database with
 * newer steps is accepted when each of them still works with this code.
 *
 * @throws {TaskError} STORE_INCOMPATIBLE - the schema is of a newer, incompatible version or was not made by this
 *   store, or the server cannot keep the promises of a store; STORE_UNAVAILABLE.
 */
export async function migrate(
  pool: PostgresPoolLike,
  schema: string,
  migrations: readonly Migration[] = ourMigrations,
): Promise<void> {
  let client: PostgresClientLike | undefined;
  try {
    client = await checkOut(pool);
    const query = queryOf(client);
    await query('BEGIN');
    await checkServer(query);
    await query('SELECT pg_advisory_xact_lock(hashtextextended($1, 1))', [`mcp-tasks ${schema}`]);
    await migrateLocked(query, schema, migrations);
    await checkRights(query, schema);
    await query('COMMIT');
  } catch (error) {
    if (client) putBack(client, true); // the transaction ends with the connection
    throw storeError(error, false);
  }
  putBack(client, false);
}

function queryOf(client: PostgresClientLike): Query {
  return async (text, values = []) => {
    const { rows } = await client.query({ text, values, query_timeout: STEP_TIMEOUT_MS });
    return rows as readonly Readonly<Record<string, unknown>>[];
  };
}

async function checkServer(query: Query): Promise<void> {
  const [settings = {}] = await query(`SELECT current_setting('server_version_num') AS version,
    current_setting('server_encoding') AS encoding, current_setting('transaction_isolation') AS isolation,
    current_setting('transaction_read_only') AS read_only`);
  const { version, encoding, isolation, read_only: readOnly } = settings;
  if (Number(version) < OLDEST_SERVER) {
    throw new TaskError('STORE_INCOMPATIBLE', `PostgreSQL 13 or newer is needed; this server is ${String(version)}.`);
  }
  if (encoding !== 'UTF8') {
    throw new TaskError(
      'STORE_INCOMPATIBLE',
      `The database keeps text as ${String(encoding)}: make one with ENCODING 'UTF8'.`,
    );
  }
  // With one snapshot for a whole transaction, a transaction that waited for a lock would not see the writes before it.
  if (isolation !== 'read committed') {
    throw new TaskError(
      'STORE_INCOMPATIBLE',
      `Transactions of this connection are "${String(isolation)}": set default_transaction_isolation to "read committed" for its user.`,
    );
  }
  if (readOnly === 'on') {
    throw new TaskError('STORE_UNAVAILABLE', 'The PostgreSQL server takes no writes: connect to the primary.');
  }
}

async function checkRights(query: Query, schema: string): Promise<void> {
  const missing = await query(
    `SELECT name || ' (' || privilege || ')' AS missing
     FROM unnest(ARRAY['tasks', 'task_entries', 'owners']) AS name, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS privilege
     WHERE NOT has_table_privilege($1 || '.' || name, privilege)`,
    [schema],
  );
  if (missing.length === 0) return;
  throw new TaskError(
    'STORE_UNAVAILABLE',
    `The PostgreSQL user lacks rights in the schema "${schema}": ${missing.map((row) => String(row['missing'])).join(', ')}. Grant them.`,
  );
}

async function migrateLocked(query: Query, schema: string, migrations: readonly Migration[]): Promise<void> {
  const [found = {}] = await query('SELECT to_regnamespace($1) AS schema, to_regclass($2) AS migrations', [
    schema,
    `${schema}.migrations`,
  ]);
  if (found['schema'] === null) await query(`CREATE SCHEMA ${schema}`);
  if (found['migrations'] === null) {
    await query(`CREATE TABLE ${schema}.migrations (name text PRIMARY KEY, compatible_from integer NOT NULL)`);
  }
  const executed = await query(`SELECT name, compatible_from FROM ${schema}.migrations`);
  const known = new Set<unknown>(migrations.map(({ name }) => name));
  const breaking = executed.find(
    (step) => !known.has(step['name']) && Number(step['compatible_from']) > migrations.length,
  );
  if (breaking) {
    throw new TaskError(
      'STORE_INCOMPATIBLE',
      `The PostgreSQL schema "${schema}" has the step "${String(breaking['name'])}" of a newer version, with which this version cannot work: upgrade @mcp-tasks/store-postgres.`,
    );
  }
  const done = new Set(executed.map((step) => step['name']));
  for (const { name, compatibleFrom, sql } of migrations) {
    if (done.has(name)) continue;
    await query(sql(schema));
    await query(`INSERT INTO ${schema}.migrations VALUES ($1, $2)`, [name, compatibleFrom]);
  }
}
