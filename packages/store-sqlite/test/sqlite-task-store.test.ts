import { join } from 'node:path';
import { checkpoint, newTask, NOW_MS, stored } from '@mcp-tasks/store-testing';
import { describe, expect, it } from 'vitest';
import { sqliteStore, type SqliteTaskStoreOptions } from '../src/index.ts';
import { openDatabase, openStore, temporaryFile } from './support/database.ts';

/** An object with the methods of a connection. */
const CONNECTION = { exec: () => undefined, prepare: () => undefined, close: () => undefined };

describe('options', () => {
  const refused: [string, unknown, typeof TypeError | typeof RangeError][] = [
    ['path or database', {}, TypeError],
    ['path or database', { path: 'a', database: CONNECTION }, TypeError],
    ['sqliteStore: path', { path: '' }, TypeError],
    ['sqliteStore: path', { path: 'a\0b' }, TypeError],
    ['sqliteStore: path', { path: 7 }, TypeError],
    ['sqliteStore: database', { database: {} }, TypeError],
    ['sqliteStore: synchronous', { path: 'a', synchronous: 'OFF' }, TypeError],
    ['sqliteStore: lockTimeoutMs', { path: 'a', lockTimeoutMs: '5' }, TypeError],
    ['sqliteStore: lockTimeoutMs', { path: 'a', lockTimeoutMs: -1 }, RangeError],
    ['sqliteStore: watchIntervalMs', { path: 'a', watchIntervalMs: Number.NaN }, RangeError],
    ['sqliteStore: watchIntervalMs', { path: 'a', watchIntervalMs: 0 }, RangeError],
  ];
  it.each(refused)('that are wrong are refused at construction, naming %s (%j)', (name, options, type) => {
    const make = () => sqliteStore(options as SqliteTaskStoreOptions);
    expect(make).toThrow(type);
    expect(make).toThrow(name);
  });

  it.each([
    ['FULL', 2],
    ['NORMAL', 1],
  ] as const)(
    'set synchronous=%s, whole flushes and write-ahead logging on a connection that they hand over',
    async (synchronous, level) => {
      const path = temporaryFile();
      const database = openDatabase(path);
      await openStore({ database, synchronous });
      expect(database.prepare('PRAGMA synchronous').get({})).toEqual({ synchronous: level });
      expect(database.prepare('PRAGMA fullfsync').get({})).toEqual({ fullfsync: 1 });
      expect(database.prepare('PRAGMA journal_mode').get({})).toEqual({ journal_mode: 'wal' });
    },
  );

  it('default to synchronous=FULL', async () => {
    const database = openDatabase(temporaryFile());
    await openStore({ database });
    expect(database.prepare('PRAGMA synchronous').get({})).toEqual({ synchronous: 2 });
  });
});

describe('the life of a store', () => {
  it('[DURA-01] has everything after it was closed and opened again', async () => {
    const path = temporaryFile();
    const store = await openStore({ path });
    const head = await stored(store, { statusMessage: 'here' });
    const update = checkpoint(head, 'a', '"kept"');
    await store.update(update);
    await store.close();
    const again = await openStore({ path });
    expect(await again.get({ taskIds: [head.taskId], kinds: ['checkpoint'], nowMs: NOW_MS })).toEqual([
      {
        head: { ...head, version: 2, writeId: update.writeId, entryBytes: 7 },
        entries: [{ kind: 'checkpoint', name: 'a', value: '"kept"' }],
      },
    ]);
  });

  it('begins with open: before it every call is refused, and calling it twice does no harm', async () => {
    const store = sqliteStore({ path: temporaryFile() });
    await expect(store.list({ owner: 'a', limit: 1, nowMs: NOW_MS })).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringContaining('call open()') as string,
    });
    await Promise.all([store.open(), store.open()]);
    await store.open();
    await expect(store.list({ owner: 'a', limit: 1, nowMs: NOW_MS })).resolves.toEqual({ heads: [], hasMore: false });
    await store.close();
  });

  it('can be opened after it could not be', async () => {
    const path = temporaryFile();
    const other = openDatabase(path);
    other.exec('PRAGMA journal_mode = WAL; BEGIN IMMEDIATE');
    const store = sqliteStore({ path, lockTimeoutMs: 0 });
    await expect(store.open()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true });
    other.exec('ROLLBACK');
    await store.open();
    await store.close();
  });

  it('ends with close: twice does no harm, and every call after it is refused', async () => {
    const store = await openStore({ path: temporaryFile() });
    await Promise.all([store.close(), store.close()]);
    const closed = { code: 'STORE_CLOSED' };
    await expect(store.open()).rejects.toMatchObject(closed);
    await expect(store.create(newTask())).rejects.toMatchObject(closed);
    await expect(store.get({ taskIds: [], kinds: [], nowMs: NOW_MS })).rejects.toMatchObject(closed);
    await expect(store.watch(() => undefined)).rejects.toMatchObject(closed);
  });

  it('finishes at close what was asked for before', async () => {
    const path = temporaryFile();
    const store = await openStore({ path });
    const creates = Promise.all([store.create(newTask({ taskId: 'a' })), store.create(newTask({ taskId: 'b' }))]);
    await store.close();
    expect((await creates).map(({ status }) => status)).toEqual(['created', 'created']);
    const again = await openStore({ path });
    expect(await again.get({ taskIds: ['a', 'b'], kinds: [], nowMs: NOW_MS })).toHaveLength(2);
  });

  it('closes what open was about to open', async () => {
    const path = temporaryFile();
    const store = sqliteStore({ path });
    const opening = store.open();
    await store.close();
    await expect(opening).resolves.toBeUndefined();
    await expect(store.create(newTask())).rejects.toMatchObject({ code: 'STORE_CLOSED' });
  });

  it('can be spent in memory', async () => {
    const store = await openStore({ path: ':memory:' });
    const head = await stored(store);
    expect(await store.get({ taskIds: [head.taskId], kinds: [], nowMs: NOW_MS })).toHaveLength(1);
  });

  it.each([
    ['in a directory that is missing', (path: string) => join(path, 'missing', 'tasks.db')],
    ['that is a directory', (path: string) => join(path, '..')],
  ])('does not begin with a file %s: the error names it and says what to do', async (_case, at) => {
    const path = at(temporaryFile());
    await expect(sqliteStore({ path }).open()).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringMatching(/make its directory, and let this process write there.*tasks-sqlite-/s) as string,
    });
  });
});

describe('an expired task', () => {
  it('gives its idempotency key to the next', async () => {
    const store = await openStore({ path: temporaryFile() });
    await store.create(newTask({ taskId: 'a', expiresAtMs: NOW_MS + 1 }, { idempotencyKey: 'key' }));
    const later = { nowMs: NOW_MS + 1, idempotencyKey: 'key' };
    expect(await store.create(newTask({ taskId: 'b' }, later))).toMatchObject({ status: 'created' });
    expect(await store.create(newTask({ taskId: 'c' }, later))).toMatchObject({
      status: 'existing',
      head: { taskId: 'b' },
    });
    expect(await store.deleteExpired({ nowMs: NOW_MS + 1, limit: 10 })).toHaveLength(1);
  });

  it('gives its id to the next, and leaves it none of its entries', async () => {
    const store = await openStore({ path: temporaryFile() });
    await stored(store, { taskId: 'a', expiresAtMs: NOW_MS + 1 }, [{ kind: 'call', name: '', value: '{}' }]);
    const again = newTask({ taskId: 'a' }, { nowMs: NOW_MS + 1 });
    expect(await store.create(again)).toMatchObject({ status: 'created' });
    const records = await store.get({ taskIds: ['a'], kinds: ['call'], nowMs: NOW_MS + 1 });
    expect(records).toEqual([{ head: again.head, entries: [] }]);
  });

  it('is removed with all its entries', async () => {
    const database = openDatabase(temporaryFile());
    const store = await openStore({ database });
    for (const taskId of ['a', 'b', 'c']) {
      await stored(store, { taskId, expiresAtMs: NOW_MS + 1 }, [{ kind: 'call', name: '', value: '{}' }]);
    }
    await stored(store, { taskId: 'live' }, [{ kind: 'call', name: '', value: '{}' }]);
    expect(await store.deleteExpired({ nowMs: NOW_MS + 1, limit: 2 })).toHaveLength(2);
    expect(await store.deleteExpired({ nowMs: NOW_MS + 1, limit: 2 })).toHaveLength(1);
    expect(await store.deleteExpired({ nowMs: NOW_MS + 1, limit: 2 })).toEqual([]);
    expect(database.prepare('SELECT count(*) AS entries FROM mcp_task_entries').get({})).toEqual({ entries: 1 });
  });
});
