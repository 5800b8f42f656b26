import { randomBytes } from 'node:crypto';
import pg from 'pg';

/** The server that tests talk to; each makes a schema of its own and drops it. */
export const POSTGRES_URL = process.env['POSTGRES_URL'] ?? 'postgres://postgres@127.0.0.1:5432/postgres';

/** Why tests that need the server cannot run here; undefined when they can. With CI=true a missing server is a failure. */
export async function missingServer(): Promise<string | undefined> {
  const client = new pg.Client({ connectionString: POSTGRES_URL, connectionTimeoutMillis: 3_000 });
  try {
    await client.connect();
    return undefined;
  } catch (error) {
    if (process.env['CI'] === 'true') throw error;
    return `no PostgreSQL at POSTGRES_URL (default 127.0.0.1:5432): ${String(error)}`;
  } finally {
    await client.end().catch(() => undefined); // it may never have connected
  }
}

/** A name for a schema that no other test has. */
export const newSchema = (): string => `mcp_tasks_test_${randomBytes(8).toString('hex')}`;

/** Run one statement outside of every store. */
export async function query(text: string, values: unknown[] = []): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: POSTGRES_URL });
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

/** The same database through another address, a proxy's say. */
export function through(port: number): string {
  const url = new URL(POSTGRES_URL);
  url.hostname = '127.0.0.1';
  url.port = String(port);
  return url.href;
}

/** Where the server listens. */
export function address(): { readonly host: string; readonly port: number } {
  const url = new URL(POSTGRES_URL);
  return { host: url.hostname, port: Number(url.port || 5432) };
}
