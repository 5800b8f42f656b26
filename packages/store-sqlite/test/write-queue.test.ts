import { setImmediate as nextTurn } from 'node:timers/promises';
import { checkpoint, newHead, newTask, NOW_MS, stored } from '@mcp-tasks/store-testing';
import { describe, expect, it } from 'vitest';
import { openDatabase, openStore, recording, temporaryFile } from './support/database.ts';

const begins = (log: readonly string[]) => log.filter((sql) => sql === 'BEGIN IMMEDIATE').length;

describe('a database that another connection has locked', () => {
  it('is tried again and again while the event loop turns, and once it is free one commit does all that waited', async () => {
    const path = temporaryFile();
    const { database, log } = recording(openDatabase(path));
    const store = await openStore({ database });
    const other = openDatabase(path);
    other.exec('BEGIN IMMEDIATE');
    log.length = 0;

    let isWaiting = true;
    const writes = Promise.all([store.create(newTask()), store.create(newTask())]).finally(() => {
      isWaiting = false;
    });
    while (begins(log) < 4) {
      await nextTurn();
    }
    expect(isWaiting).toBe(true);

    other.exec('ROLLBACK');
    expect((await writes).map(({ status }) => status)).toEqual(['created', 'created']);
    expect(log.filter((sql) => sql === 'COMMIT')).toHaveLength(1);
  });

  it('never lets the driver sleep for a lock', async () => {
    const path = temporaryFile();
    const database = openDatabase(path);
    database.exec('PRAGMA busy_timeout = 5000');
    await openStore({ database });
    expect(database.prepare('PRAGMA busy_timeout').get({})).toEqual({ timeout: 0 });
  });

  it('reads on while somebody writes', async () => {
    const path = temporaryFile();
    const store = await openStore({ path });
    const head = await stored(store);
    openDatabase(path).exec('BEGIN IMMEDIATE');
    const records = await store.get({ taskIds: [head.taskId], kinds: [], nowMs: NOW_MS });
    expect(records.map((record) => record.head.taskId)).toEqual([head.taskId]);
  });

  it('gives up after lockTimeoutMs with a retryable error that says what to look for', async () => {
    const path = temporaryFile();
    const store = await openStore({ path, lockTimeoutMs: 20 });
    const other = openDatabase(path);
    other.exec('BEGIN IMMEDIATE');
    const task = newTask();
    await expect(store.create(task)).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      retryable: true,
      message: expect.stringContaining('keeps a transaction open') as string,
    });
    other.exec('ROLLBACK');
    await expect(store.create(task)).resolves.toMatchObject({ status: 'created' });
  });

  it('is not waited for by close: what could not be written is refused, not forgotten', async () => {
    const path = temporaryFile();
    const store = await openStore({ path });
    const other = openDatabase(path);
    other.exec('BEGIN IMMEDIATE');
    const writes = [store.create(newTask()), store.create(newTask())];
    const refused = Promise.allSettled(writes);
    await store.close();
    for (const outcome of await refused) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'STORE_CLOSED' } });
    }
  });
});

describe('writes that share a commit', () => {
  it('each fail for themselves only', async () => {
    const { database, log } = recording(openDatabase(temporaryFile()));
    const store = await openStore({ database });
    const corrupt = await stored(store);
    database.exec("UPDATE mcp_tasks SET handler = x'ff'");
    log.length = 0;
    const outcomes = await Promise.allSettled([
      store.create(newTask({ taskId: 'before' })),
      store.update(checkpoint(corrupt, 'a')),
      store.create(newTask({ taskId: 'after' })),
    ]);
    expect(outcomes).toMatchObject([
      { status: 'fulfilled', value: { status: 'created' } },
      { status: 'rejected', reason: { code: 'STORE_CORRUPT_RECORD', details: { taskId: corrupt.taskId } } },
      { status: 'fulfilled', value: { status: 'created' } },
    ]);
    const records = await store.get({ taskIds: ['before', 'after'], kinds: [], nowMs: NOW_MS });
    expect(records.map(({ head }) => head.taskId)).toEqual(['before', 'after']);
    // Once together, then one by one: and the failing write left nothing.
    expect(begins(log)).toBe(4);
    expect(database.prepare('SELECT count(*) AS entries FROM mcp_task_entries').get({})).toEqual({ entries: 0 });
  });

  it('see each other in the order in which they were asked for', async () => {
    const store = await openStore({ path: temporaryFile() });
    const head = newHead();
    const first = checkpoint(head, 'a');
    const outcomes = await Promise.all([
      store.create(newTask(head)),
      store.update(first),
      store.update(checkpoint(head, 'b')),
      store.update(checkpoint({ ...head, version: 2, writeId: first.writeId }, 'c')),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['created', 'updated', 'conflict', 'updated']);
  });

  it('are bounded: a crowd takes several commits', async () => {
    const { database, log } = recording(openDatabase(temporaryFile()));
    const store = await openStore({ database });
    log.length = 0;
    await Promise.all(Array.from({ length: 100 }, () => store.create(newTask())));
    expect(begins(log)).toBe(4);
  });

  it('are small together: big ones take a commit each', async () => {
    const { database, log } = recording(openDatabase(temporaryFile()));
    const store = await openStore({ database });
    log.length = 0;
    const entries = [{ kind: 'call' as const, name: '', value: 'x'.repeat(2 ** 20 + 1) }];
    await Promise.all(Array.from({ length: 3 }, () => store.create(newTask({}, { entries }))));
    expect(begins(log)).toBe(3);
  });
});
