import { checkpoint, newTask, NOW_MS, stored } from '@mcp-tasks/store-testing';
import { describe, expect, it } from 'vitest';
import { sqliteStore } from '../src/index.ts';
import { migrate } from '../src/migrate.ts';
import { MIGRATIONS } from '../src/migrations/index.ts';
import type { Migration } from '../src/migrations/migration.ts';
import { SqliteSession } from '../src/sqlite-session.ts';
import { openDatabase, openStore, recording, temporaryFile } from './support/database.ts';

/** A database with our tables, which the test then changes. */
async function migrated(change: string) {
  const path = temporaryFile();
  await (await openStore({ path })).close();
  const database = openDatabase(path);
  database.exec(change);
  return { path, database };
}

describe('the schema', () => {
  it('is made once by several connections that open a new file at once', async () => {
    const path = temporaryFile();
    const stores = Array.from({ length: 8 }, () => sqliteStore({ path }));
    await Promise.all(stores.map((store) => store.open()));
    const outcomes = await Promise.all(stores.map((store) => store.create(newTask({}, { idempotencyKey: 'one' }))));
    expect(outcomes.filter(({ status }) => status === 'created')).toHaveLength(1);
    await Promise.all(stores.map((store) => store.close()));
  });

  it('is left as it is by whoever finds it made', async () => {
    const path = temporaryFile();
    await openStore({ path });
    const { database, log } = recording(openDatabase(path));
    await openStore({ database });
    expect(log.filter((sql) => /CREATE|INSERT|UPDATE/.test(sql))).toEqual([]);
  });

  it('[DURA-06] that is newer and only adds is worked on, and stays as it is', async () => {
    const { path, database } = await migrated(`
      ALTER TABLE mcp_tasks ADD COLUMN priority INTEGER NOT NULL DEFAULT 3;
      ALTER TABLE mcp_task_schema ADD COLUMN remark TEXT;
      CREATE TABLE mcp_task_tags (task_seq INTEGER, tag TEXT);
      UPDATE mcp_task_schema SET version = 7, oldest_compatible_version = 2;
    `);
    const store = await openStore({ path });
    const head = await stored(store);
    expect(await store.update(checkpoint(head, 'a'))).toMatchObject({ status: 'updated' });
    expect(await store.get({ taskIds: [head.taskId], kinds: ['checkpoint'], nowMs: NOW_MS })).toHaveLength(1);
    expect(database.prepare('SELECT version FROM mcp_task_schema').get({})).toEqual({ version: 7 });
    expect(database.prepare('SELECT priority FROM mcp_tasks').get({})).toEqual({ priority: 3 });
  });

  it('[DURA-06] that is newer and changes what we know is refused, and says to update', async () => {
    const { path } = await migrated('UPDATE mcp_task_schema SET version = 8, oldest_compatible_version = 8');
    await expect(sqliteStore({ path }).open()).rejects.toMatchObject({
      code: 'STORE_INCOMPATIBLE',
      retryable: false,
      message: expect.stringMatching(/schema 8.*knows schema 2.*update the package/) as string,
    });
  });

  it.each([
    ['a table mcp_tasks of somebody else', 'DROP TABLE mcp_task_schema; DROP TABLE mcp_task_entries'],
    ['a table mcp_task_schema of somebody else', 'DROP TABLE mcp_task_schema; CREATE TABLE mcp_task_schema (x)'],
    ['no row that says which schema it has', 'DELETE FROM mcp_task_schema'],
    ['a column missing', 'ALTER TABLE mcp_tasks DROP COLUMN holder'],
    ['a table missing', 'DROP TABLE mcp_task_entries'],
    ['no sums', 'DROP TABLE mcp_task_owners'],
  ])('[DURA-06] with %s is refused, and nothing is changed', async (_case, change) => {
    const { path, database } = await migrated(change);
    const tables = () => database.prepare('SELECT sql FROM sqlite_schema ORDER BY name').all({});
    const before = tables();
    await expect(sqliteStore({ path }).open()).rejects.toMatchObject({
      code: 'STORE_INCOMPATIBLE',
      message: expect.stringContaining('not of this store') as string,
    });
    expect(tables()).toEqual(before);
  });
});

describe('a later migration', () => {
  const added: Migration = { version: 3, oldestCompatibleVersion: 2, sql: 'CREATE TABLE mcp_task_tags (tag TEXT)' };

  it('runs once, on new and on old databases', async () => {
    const { database } = await migrated('');
    const { database: noted, log } = recording(database);
    migrate(new SqliteSession(noted), [...MIGRATIONS, added]);
    migrate(new SqliteSession(noted), [...MIGRATIONS, added]);
    expect(log.filter((sql) => sql.startsWith('CREATE TABLE'))).toEqual([added.sql]);
    const schema = 'SELECT version, oldest_compatible_version AS oldest FROM mcp_task_schema';
    expect(database.prepare(schema).get({})).toEqual({ version: 3, oldest: 2 });
  });

  it('that fails takes everything back', async () => {
    const { path, database } = await migrated('');
    const broken = { ...added, sql: `${added.sql}; CREATE TABLE mcp_tasks (again)` };
    expect(() => {
      migrate(new SqliteSession(database), [...MIGRATIONS, broken]);
    }).toThrow(expect.objectContaining({ code: 'STORE_INCOMPATIBLE' }));
    expect(database.prepare("SELECT name FROM sqlite_schema WHERE name = 'mcp_task_tags'").all({})).toEqual([]);
    await (await openStore({ path })).close();
  });
});
