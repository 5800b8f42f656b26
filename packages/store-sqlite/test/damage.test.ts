import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { TASK_ENTRY_KINDS } from '@mcp-tasks/store';
import { checkpoint, newTask, NOW_MS, stored } from '@mcp-tasks/store-testing';
import { describe, expect, it } from 'vitest';
import { sqliteStore } from '../src/index.ts';
import { openDatabase, openStore, temporaryFile } from './support/database.ts';

const PAGE_BYTES = 4096;

/** What a call fails with, and that no word of the driver is in its message. */
async function failure(call: Promise<unknown>) {
  const error = (await call.then(
    () => undefined,
    (reason: unknown) => reason,
  )) as { code: string; message: string; retryable: boolean; cause: Error } | undefined;
  expect(error?.cause).toBeInstanceOf(Error);
  expect(error?.message).not.toContain(error?.cause.message);
  return error;
}

function overwrite(path: string, fromByte: number, bytes: number): void {
  const file = openSync(path, 'r+');
  writeSync(file, Buffer.alloc(bytes, 0xee), 0, bytes, fromByte);
  closeSync(file);
}

describe('a full disk', () => {
  it('[DURA-01] refuses writes with a clear error, loses nothing, and is over when there is room', async () => {
    const database = openDatabase(temporaryFile());
    const store = await openStore({ database });
    const limitPages = (count: number) => database.prepare(`PRAGMA max_page_count = ${count}`).get({});
    const { page_count: pages } = database.prepare('PRAGMA page_count').get({}) as { page_count: number };
    limitPages(pages + 20);

    const acknowledged: string[] = [];
    const big = 'x'.repeat(10_000);
    const create = (taskId: string) =>
      store.create(newTask({ taskId }, { entries: [{ kind: 'call', name: '', value: big }] }));
    const fill = async () => {
      for (let number = 0; ; number += 1) {
        await create(`task-${number}`);
        acknowledged.push(`task-${number}`);
      }
    };
    const error = await failure(fill());
    expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true });
    expect(error?.message).toContain('The disk is full');
    expect(acknowledged.length).toBeGreaterThan(0);

    const records = await store.get({ taskIds: acknowledged, kinds: ['call'], nowMs: NOW_MS });
    expect(records.map(({ head, entries }) => [head.taskId, entries[0]?.value])).toEqual(
      acknowledged.map((taskId) => [taskId, big]),
    );
    limitPages(pages + 1_000);
    await expect(create('later')).resolves.toMatchObject({ status: 'created' });
  });

  it('that one of several writes cannot use fails only that one', async () => {
    const database = openDatabase(temporaryFile());
    const store = await openStore({ database });
    const head = await stored(store);
    const { page_count: pages } = database.prepare('PRAGMA page_count').get({}) as { page_count: number };
    database.prepare(`PRAGMA max_page_count = ${pages + 5}`).get({});
    const outcomes = await Promise.allSettled([
      store.update(checkpoint(head, 'small')),
      store.create(newTask({}, { entries: [{ kind: 'call', name: '', value: 'x'.repeat(100_000) }] })),
    ]);
    expect(outcomes).toMatchObject([
      { status: 'fulfilled', value: { status: 'updated' } },
      { status: 'rejected', reason: { code: 'STORE_UNAVAILABLE' } },
    ]);
  });

  it('lets expired tasks be deleted, which makes room', async () => {
    const database = openDatabase(temporaryFile());
    const store = await openStore({ database });
    const entries = [{ kind: 'call' as const, name: '', value: 'x'.repeat(100_000) }];
    await stored(store, { expiresAtMs: NOW_MS + 1 }, entries);
    database.prepare('PRAGMA max_page_count = 1').get({});
    const task = newTask({}, { entries });
    expect((await failure(store.create(task)))?.message).toContain('make room');
    expect(await store.deleteExpired({ nowMs: NOW_MS + 1, limit: 10 })).toHaveLength(1);
    await expect(store.create(task)).resolves.toMatchObject({ status: 'created' });
  });
});

describe('a file that is not a database', () => {
  it.each([
    ['text', 'This is not a database, and long enough to be taken for one. '.repeat(20)],
    ['a JSON document', '{"tasks":[]}'],
  ])('but %s is refused at start, and left as it is', async (_case, content) => {
    const path = temporaryFile();
    writeFileSync(path, content);
    const error = await failure(sqliteStore({ path }).open());
    expect(error).toMatchObject({ code: 'STORE_INCOMPATIBLE', retryable: false });
    expect(error?.message).toBe(
      `The file is not a SQLite database: name another path, or move the file away. The database is "${path}".`,
    );
  });
});

describe('a damaged file', () => {
  it('is reported at start when nothing of it can be read', async () => {
    const path = temporaryFile();
    await (await openStore({ path })).close();
    overwrite(path, PAGE_BYTES, 20 * PAGE_BYTES);
    const error = await failure(sqliteStore({ path }).open());
    expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: false });
    expect(error?.message).toContain('The database file is damaged');
  });

  it('is reported by the calls that meet the damage, while the others work', async () => {
    const path = temporaryFile();
    const store = await openStore({ path });
    const head = await stored(store, { entryBytes: 2 }, [{ kind: 'call', name: '', value: '{}' }]);
    await store.close();
    const database = openDatabase(path);
    const { rootpage } = database
      .prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'mcp_task_entries'")
      .get({}) as { rootpage: number };
    database.close();
    overwrite(path, (rootpage - 1) * PAGE_BYTES, PAGE_BYTES);

    const again = await openStore({ path });
    const { taskId } = head;
    const error = await failure(again.get({ taskIds: [taskId], kinds: TASK_ENTRY_KINDS, nowMs: NOW_MS }));
    expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: false });
    expect(error?.message).toContain('The database file is damaged');
    expect((await failure(again.update(checkpoint(head, 'a'))))?.message).toContain('The database file is damaged');
    // Heads are kept apart from entries.
    expect(await again.list({ owner: 'owner', limit: 10, nowMs: NOW_MS })).toEqual({ heads: [head], hasMore: false });
  });
});

describe('a database that cannot be written', () => {
  it('is refused at start', async () => {
    const path = temporaryFile();
    await (await openStore({ path })).close();
    const database = openDatabase(path);
    database.exec('PRAGMA query_only = ON');
    const error = await failure(sqliteStore({ database }).open());
    expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: false });
    expect(error?.message).toContain('let this process write to the file and to its directory');
  });

  it('can still be read when it became so later', async () => {
    const database = openDatabase(temporaryFile());
    const store = await openStore({ database });
    const head = await stored(store);
    database.exec('PRAGMA query_only = ON');
    const error = await failure(store.update(checkpoint(head, 'a')));
    expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true });
    expect(error?.message).toContain('cannot be written');
    expect(await store.list({ owner: 'owner', limit: 1, nowMs: NOW_MS })).toMatchObject({ heads: [head] });
    database.exec('PRAGMA query_only = OFF');
    await expect(store.update(checkpoint(head, 'a'))).resolves.toMatchObject({ status: 'updated' });
  });
});

describe('a connection that its owner uses meanwhile', () => {
  it('refuses what would become part of the transaction of its owner, and takes nothing of it back', async () => {
    const database = openDatabase(temporaryFile());
    const store = await openStore({ database });
    database.exec('CREATE TABLE notes (text); BEGIN; INSERT INTO notes VALUES (1)');
    const error = await failure(store.create(newTask()));
    expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true });
    expect(error?.message).toContain('used by somebody else');
    database.exec('COMMIT');
    expect(database.prepare('SELECT count(*) AS notes FROM notes').get({})).toEqual({ notes: 1 });
    await expect(store.create(newTask())).resolves.toMatchObject({ status: 'created' });
  });
});

describe('a connection that its owner has closed', () => {
  it('fails every call, and the process lives', async () => {
    const database = openDatabase(temporaryFile());
    const store = await openStore({ database });
    database.close();
    for (const call of [store.create(newTask()), store.list({ owner: 'a', limit: 1, nowMs: NOW_MS })]) {
      expect((await failure(call))?.message).toContain('is its connection closed');
    }
  });
});
