import { checkpoint, NOW_MS, stored } from '@mcp-tasks/store-testing';
import pg from 'pg';
import { expect, it, onTestFinished } from 'vitest';
import { migrate } from '../src/migrate.ts';
import { type Migration, migrations } from '../src/migrations/index.ts';
import { describeWithServer, makeStore, openStore, POSTGRES_URL, query, temporarySchema } from './support/postgres.ts';

const incompatible = (message: RegExp) => ({
  code: 'STORE_INCOMPATIBLE',
  retryable: false,
  message: expect.stringMatching(message) as string,
});

function newPool(): pg.Pool {
  const pool = new pg.Pool({ connectionString: POSTGRES_URL, max: 1 });
  onTestFinished(() => pool.end());
  return pool;
}

const steps = (schema: string) => query(`SELECT name, compatible_from FROM ${schema}.migrations ORDER BY name`);

/** Columns and functions of a schema. */
const shape = (schema: string) =>
  query(
    `SELECT table_name || '.' || column_name AS part FROM information_schema.columns WHERE table_schema = $1
     UNION ALL SELECT routine_name FROM information_schema.routines WHERE routine_schema = $1 ORDER BY part`,
    [schema],
  );

const OURS = [
  { name: '0001-initial', compatible_from: 1 },
  { name: '0002-port-two', compatible_from: 2 },
];

const adding: Migration = {
  name: '0003-priority',
  compatibleFrom: 2,
  sql: (schema) => `ALTER TABLE ${schema}.tasks ADD COLUMN priority integer NOT NULL DEFAULT 3;
    ALTER TABLE ${schema}.task_entries ADD COLUMN remark text`,
};
const breaking: Migration = {
  name: '0004-names',
  compatibleFrom: 4,
  sql: (schema) => `ALTER TABLE ${schema}.tasks RENAME owner TO whose`,
};

describeWithServer('the schema', () => {
  it('is left as it is by whoever finds it made', async () => {
    const schema = temporarySchema();
    await openStore({ schema });
    const before = await shape(schema);
    await openStore({ schema });
    expect(await shape(schema)).toEqual(before);
    expect(await steps(schema)).toEqual(OURS);
  });

  it('[DURA-06] that becomes newer and only adds is worked on by older code, running and new', async () => {
    const schema = temporarySchema();
    const running = await openStore({ schema });
    const head = await stored(running);
    await migrate(newPool(), schema, [...migrations, adding]);
    const opened = await openStore({ schema });
    for (const store of [running, opened]) {
      const other = await stored(store);
      expect(await store.update(checkpoint(other, 'a'))).toMatchObject({ status: 'updated' });
      expect(await store.list({ owner: 'owner', limit: 10, nowMs: NOW_MS })).toMatchObject({ hasMore: false });
      const [record] = await store.get({ taskIds: [head.taskId], kinds: [], nowMs: NOW_MS });
      expect(record?.head).toEqual(head);
    }
    expect((await steps(schema)).map(({ name }) => name)).toEqual(['0001-initial', '0002-port-two', '0003-priority']);
  });

  it('[DURA-06] that is newer and changes what we know is refused, and stays as it is', async () => {
    const schema = temporarySchema();
    await migrate(newPool(), schema, [...migrations, adding, breaking]);
    const before = await shape(schema);
    await expect(makeStore({ schema }).open?.()).rejects.toMatchObject(
      incompatible(/step "0004-names" .* upgrade @mcp-tasks\/store-postgres/),
    );
    expect(await shape(schema)).toEqual(before);
  });

  it.each([
    [
      'a table `migrations` of somebody else',
      (schema: string) => `DROP TABLE ${schema}.migrations; CREATE TABLE ${schema}.migrations (id integer)`,
    ],
    [
      'a table `tasks` of somebody else',
      (schema: string) =>
        `DROP SCHEMA ${schema} CASCADE; CREATE SCHEMA ${schema}; CREATE TABLE ${schema}.tasks (id integer)`,
    ],
    ['a table missing', (schema: string) => `DROP TABLE ${schema}.task_entries`],
    ['the sums of owners missing', (schema: string) => `DROP TABLE ${schema}.owners`],
  ])('[DURA-06] with %s is refused, and nothing is changed', async (_case, change) => {
    const schema = temporarySchema();
    await openStore({ schema });
    await query(change(schema));
    const before = await shape(schema);
    await expect(makeStore({ schema }).open?.()).rejects.toMatchObject(
      incompatible(/tables that this store did not make, or lacks some/),
    );
    expect(await shape(schema)).toEqual(before);
  });

  it('[DURA-06] that lost a function fails calls as incompatible', async () => {
    const schema = temporarySchema();
    const store = await openStore({ schema });
    await query(`DROP FUNCTION ${schema}.create_task`);
    await expect(stored(store)).rejects.toMatchObject(incompatible(/lacks some/));
  });
});

describeWithServer('a later step', () => {
  it('runs once, on a new and on an old schema', async () => {
    for (const before of [[], migrations]) {
      const schema = temporarySchema();
      const pool = newPool();
      if (before.length > 0) await migrate(pool, schema, before);
      await migrate(pool, schema, [...migrations, adding]);
      await migrate(pool, schema, [...migrations, adding]);
      expect(await steps(schema)).toEqual([...OURS, { name: '0003-priority', compatible_from: 2 }]);
    }
  });

  it('that fails takes all back, and the next start tries again', async () => {
    const schema = temporarySchema();
    const pool = newPool();
    const failing: Migration = { ...adding, sql: (name) => `${adding.sql(name)}; SELECT 1 / 0` };
    await expect(migrate(pool, schema, [...migrations, failing])).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(await shape(schema)).toEqual([]);
    await migrate(pool, schema, [...migrations, adding]);
    expect(await steps(schema)).toHaveLength(3);
  });
});
