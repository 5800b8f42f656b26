import assert from 'node:assert/strict';
import type { TaskHead, TaskStore } from '@mcp-tasks/store';
import { countingProxy } from '@mcp-tasks/store-kit/fakes';
import { checkpoint, newTask, NOW_MS, stored, until } from '@mcp-tasks/store-testing';
import pg from 'pg';
import { expect, it, onTestFinished } from 'vitest';
import type { PostgresStoreOptions } from '../src/index.ts';
import {
  address,
  describeWithServer,
  openStore,
  POSTGRES_URL,
  query,
  temporarySchema,
  through,
} from './support/postgres.ts';

const retryable = (message: RegExp) => ({
  code: 'STORE_UNAVAILABLE',
  retryable: true,
  message: expect.stringMatching(message) as string,
});

/** A store through a proxy, in a schema of its own; its connections are known to the server by the schema's name. */
async function proxied(config: Record<string, unknown> = {}, options: PostgresStoreOptions = {}) {
  const schema = temporarySchema();
  const proxy = await countingProxy(address());
  onTestFinished(() => proxy.close());
  const store = await openStore({
    connectionString: through(proxy.port),
    config: { application_name: schema, ...config },
    hints: false,
    schema,
    ...options,
  });
  return { store, proxy, schema };
}

/** Hold the row of a task, so that writes of it wait. @returns lets go. */
async function hold(schema: string, taskId: string): Promise<() => Promise<void>> {
  const client = new pg.Client({ connectionString: POSTGRES_URL });
  await client.connect();
  await client.query('BEGIN');
  await client.query(`SELECT 1 FROM ${schema}.tasks WHERE task_id = $1 FOR UPDATE`, [taskId]);
  let released: Promise<void> | undefined;
  const release = () => (released ??= client.end());
  onTestFinished(release);
  return release;
}

/** Wait until this many calls of a store wait for a lock. */
const waiting = (schema: string, count: number) =>
  until('a call that waits', async () => {
    const rows = await query(
      `SELECT pid FROM pg_stat_activity WHERE application_name = $1 AND wait_event_type = 'Lock'`,
      [schema],
    );
    return rows.length === count;
  });

const read = (store: TaskStore, { taskId }: TaskHead) => store.get({ taskIds: [taskId], kinds: [], nowMs: NOW_MS });

describeWithServer('a connection', () => {
  it('that breaks in the middle of a call fails it as one that may be sent again, and the next call works', async () => {
    const { store, proxy, schema } = await proxied();
    const head = await stored(store);
    const release = await hold(schema, head.taskId);
    const update = store.update(checkpoint(head, 'a'));
    const refused = expect(update).rejects.toMatchObject(retryable(/connection to PostgreSQL broke/));
    await waiting(schema, 1);
    proxy.breakConnections();
    await refused;
    expect(await read(store, head)).toHaveLength(1);
    await release();
    expect(await stored(store)).toBeDefined();
  });

  it('that the server ends while nobody uses it is replaced', async () => {
    const { store, schema } = await proxied();
    const head = await stored(store);
    await query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1', [schema]);
    const failures: unknown[] = [];
    await until('an answer', async () => {
      const found = await read(store, head).catch((error: unknown) => failures.push(error));
      return Array.isArray(found) && found.length === 1;
    });
    // The call that met the dead connection, if one was that quick.
    for (const failure of failures) expect(failure).toMatchObject(retryable(/broke|stopping/));
  });

  it('that gives no answer in time is given up', async () => {
    const { store, schema } = await proxied({ query_timeout: 200 });
    const head = await stored(store);
    const release = await hold(schema, head.taskId);
    await expect(store.update(checkpoint(head, 'a'))).rejects.toMatchObject(retryable(/no answer came in time/));
    await release();
    expect(await read(store, head)).toHaveLength(1);
  });
});

describeWithServer('the pool', () => {
  it('answers many more calls at once than it has connections', async () => {
    const { store, proxy } = await proxied({ max: 3 });
    const owners = Array.from({ length: 300 }, (_, index) => `owner ${index % 7}`);
    const outcomes = await Promise.all(owners.map((owner) => store.create(newTask({ owner }))));
    expect(new Set(outcomes.map(({ status }) => status))).toEqual(new Set(['created']));
    expect(proxy.connections()).toBeLessThanOrEqual(3);
  });

  it('that has no connection free in time says so, and goes on once it has', async () => {
    const { store, schema } = await proxied({ max: 1, connectionTimeoutMillis: 200 });
    const head = await stored(store);
    const release = await hold(schema, head.taskId);
    const update = store.update(checkpoint(head, 'a'));
    await waiting(schema, 1);
    await expect(read(store, head)).rejects.toMatchObject(retryable(/raise `max`/));
    await release();
    expect(await update).toMatchObject({ status: 'updated' });
    expect(await read(store, head)).toHaveLength(1);
  });

  it('of somebody else is used, and left open', async () => {
    const pool = new pg.Pool({ connectionString: POSTGRES_URL });
    onTestFinished(() => pool.end());
    const store = await openStore({ pool });
    expect(store).toHaveProperty('watch', undefined);
    const head = await stored(store);
    await store.close();
    await store.close();
    await expect(read(store, head)).rejects.toMatchObject({ code: 'STORE_CLOSED' });
    expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  });

  it('may keep statements prepared, of several stores, while a newer step adds to their tables', async () => {
    const pool = new pg.Pool({ connectionString: POSTGRES_URL, max: 1 });
    onTestFinished(() => pool.end());
    for (const schema of [temporarySchema(), temporarySchema()]) {
      const store = await openStore({ pool, schema, preparedStatements: true });
      let head = await stored(store);
      for (let version = 1; version < 9; version += 1) {
        const outcome = await store.update(checkpoint(head, `step ${version}`));
        assert(outcome.status === 'updated');
        ({ head } = outcome);
        expect(await read(store, head)).toHaveLength(1);
      }
      await query(`ALTER TABLE ${schema}.tasks ADD COLUMN priority integer DEFAULT 3`);
      expect(await read(store, head)).toMatchObject([{ head: { version: 9 } }]);
      expect(await store.update(checkpoint(head, 'last'))).toMatchObject({ status: 'updated' });
    }
    const prepared = await pool.query('SELECT name FROM pg_prepared_statements');
    expect(prepared.rows.length).toBeGreaterThanOrEqual(6);
  });
});

describeWithServer('a sweep', () => {
  it('[INTG-09] does not wait for a task that somebody is writing', async () => {
    const { store, schema } = await proxied();
    const [first] = [await stored(store), await stored(store), await stored(store)];
    const release = await hold(schema, first.taskId);
    const sweep = async () => (await store.deleteExpired({ nowMs: NOW_MS + 3_600_000, limit: 10 })).length;
    expect(await sweep()).toBe(2);
    await release();
    await until('the rest', async () => (await sweep()) === 1);
  });
});

describeWithServer('close', () => {
  it('lets calls under way end, and leaves nothing open', async () => {
    const { store, schema } = await proxied({ max: 2 });
    const head = await stored(store);
    const release = await hold(schema, head.taskId);
    const calls = Array.from({ length: 5 }, () => store.update(checkpoint(head, 'a')));
    await waiting(schema, 2);
    const closing = store.close();
    await release();
    const outcomes = await Promise.all(calls);
    expect(outcomes.map(({ status }) => status).sort()).toEqual([
      'conflict',
      'conflict',
      'conflict',
      'conflict',
      'updated',
    ]);
    await closing;
    await until('the end of every connection', async () => {
      const rows = await query('SELECT pid FROM pg_stat_activity WHERE application_name = $1', [schema]);
      return rows.length === 0;
    });
  });
});
