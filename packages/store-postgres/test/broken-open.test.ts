import { countingProxy } from '@mcp-tasks/store-kit/fakes';
import { stored, until } from '@mcp-tasks/store-testing';
import { startProcess } from '@mcp-tasks/store-testing/vitest';
import pg from 'pg';
import { expect, it, onTestFinished } from 'vitest';
import {
  address,
  describeWithServer,
  openStore,
  POSTGRES_URL,
  query,
  temporarySchema,
  through,
} from './support/postgres.ts';

const FAILING = new URL('./support/failing-process.ts', import.meta.url);

/** What another process does meanwhile, for which the opening of a store waits. */
const WAITS: Readonly<Record<string, (schema: string) => string>> = {
  'waits for another process to migrate': (schema) =>
    `SELECT pg_advisory_xact_lock(hashtextextended('mcp-tasks ${schema}', 1))`,
  migrates: (schema) => `CREATE SCHEMA ${schema}`,
};

const BREAKS = ['the cable is cut', 'the server ends its connection'] as const;

const cases = Object.keys(WAITS).flatMap((wait) =>
  BREAKS.flatMap((how) => [false, true].map((isPoolHanded) => ({ wait, how, isPoolHanded }))),
);

/** Do something in a transaction that stays open until the test is over. */
async function inTransaction(statement: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: POSTGRES_URL });
  await client.connect();
  onTestFinished(() => client.end());
  await client.query('BEGIN');
  await client.query(statement);
  return client;
}

describeWithServer('a process whose store opens', () => {
  it.each(cases)(
    'lives and is told when $how while it $wait (a pool that was handed over: $isPoolHanded)',
    async ({ wait, how, isPoolHanded }) => {
      const schema = temporarySchema();
      const other = await inTransaction(WAITS[wait]?.(schema) ?? '');
      const proxy = await countingProxy(address());
      onTestFinished(() => proxy.close());
      const config = { application_name: schema };
      const opening = startProcess(FAILING, { connectionString: through(proxy.port), config, schema, isPoolHanded });
      await until('an opening that waits', async () => {
        const waiting = await query(
          `SELECT pid FROM pg_stat_activity WHERE application_name = $1 AND wait_event_type = 'Lock'`,
          [schema],
        );
        return waiting.length === 1;
      });
      if (how === 'the cable is cut') proxy.breakConnections();
      else await query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1', [schema]);
      expect(await opening.ended).toBe(0);
      expect(opening.lines).toEqual(['STORE_UNAVAILABLE retryable']);
      await other.query('ROLLBACK');
      // What it had begun is taken back, and the next one does it all.
      await stored(await openStore({ schema }));
    },
  );
});

describeWithServer('a pool that was handed over', () => {
  it('gets its client back without a listener of the store, and may give its clients without events', async () => {
    const pool = new pg.Pool({ connectionString: POSTGRES_URL, max: 1 });
    onTestFinished(() => pool.end());
    const listeners = async () => {
      const client = await pool.connect();
      const count = client.listenerCount('error');
      client.release();
      return count;
    };
    const before = await listeners();
    await openStore({ pool });
    expect(await listeners()).toBe(before);
    const plain = {
      query: pool.query.bind(pool),
      connect: async () => {
        const client = await pool.connect();
        return { query: client.query.bind(client), release: client.release.bind(client) };
      },
    };
    await stored(await openStore({ pool: plain }));
  });
});
