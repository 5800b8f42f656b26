import { randomBytes } from 'node:crypto';
import type { TaskStore } from '@mcp-tasks/store';
import { describeUnless, whyMissing } from '@mcp-tasks/store-testing/vitest';
import pg from 'pg';
import { onTestFinished } from 'vitest';
import { postgresStore, type PostgresStoreOptions } from '../../src/index.ts';

/** The server that tests talk to; each makes a schema of its own and drops it. */
export const POSTGRES_URL = process.env['POSTGRES_URL'] ?? 'postgres://postgres@127.0.0.1:5432/postgres';

/** Why tests that need the server cannot run here; undefined when they can. With CI=true a missing server is a failure. */
export const missing = await whyMissing('no PostgreSQL at POSTGRES_URL (default 127.0.0.1:5432)', async () => {
  const client = new pg.Client({ connectionString: POSTGRES_URL, connectionTimeoutMillis: 3_000 });
  try {
    await client.connect();
  } finally {
    await client.end().catch(() => undefined); // it may never have connected
  }
});

/** Tests that talk to PostgreSQL. */
export const describeWithServer = describeUnless(missing);

/** A name for a schema that no other test has. */
export const newSchema = (): string => `mcp_tasks_test_${randomBytes(8).toString('hex')}`;

/** Such a name; the schema is dropped when the test is over. */
export function temporarySchema(): string {
  const schema = newSchema();
  onTestFinished(() => dropSchema(schema));
  return schema;
}

/** An open store on the server, in a schema of its own unless one is named, closed when the test is over. */
export async function openStore(options: PostgresStoreOptions = {}): Promise<TaskStore> {
  const store = makeStore(options);
  await store.open?.();
  return store;
}

/** The same before `open`. */
export function makeStore(options: PostgresStoreOptions = {}): TaskStore {
  const { connectionString = POSTGRES_URL, schema = temporarySchema() } = options;
  const store = postgresStore({ ...(options.pool ? {} : { connectionString }), ...options, schema });
  onTestFinished(() => store.close());
  return store;
}

/** Run a statement outside of every store. */
export async function query(
  text: string,
  values: unknown[] = [],
  connectionString = POSTGRES_URL,
): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text, values)).rows;
  } finally {
    await client.end();
  }
}

/** Drop a schema with all that is in it. */
export async function dropSchema(schema: string): Promise<void> {
  await query(`SET client_min_messages TO warning; DROP SCHEMA IF EXISTS ${schema} CASCADE`);
}

/** The same database with some parts of its URL replaced. */
export function urlWith(parts: Partial<Pick<URL, 'hostname' | 'port' | 'username' | 'password' | 'pathname'>>): string {
  return Object.assign(new URL(POSTGRES_URL), parts).href;
}

/** The same database through another port of this machine, a proxy's say. */
export const through = (port: number): string => urlWith({ hostname: '127.0.0.1', port: String(port) });

/** Where the server listens. */
export function address(): { readonly host: string; readonly port: number } {
  const { hostname, port } = new URL(POSTGRES_URL);
  return { host: hostname, port: Number(port || 5432) };
}
