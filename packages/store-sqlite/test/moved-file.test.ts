import { copyFileSync, mkdirSync, renameSync, rmSync, symlinkSync, unlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { checkpoint, newTask, NOW_MS, stored } from '@mcp-tasks/store-testing';
import { describe, expect, it } from 'vitest';
import { openDatabase, openStore, temporaryFile } from './support/database.ts';

const moved = (how: string) => ({
  code: 'STORE_UNAVAILABLE',
  retryable: false,
  message: expect.stringContaining(how) as string,
});
const REMOVED = moved('was removed while the store had it open');
const REPLACED = moved('was replaced by another one while the store had it open');

function replaceByCopy(path: string): void {
  copyFileSync(path, `${path}.copy`);
  renameSync(`${path}.copy`, path);
}

describe('a database file that is moved while it is open', () => {
  it('[DURA-01] acknowledges no write after it was removed', async () => {
    const path = temporaryFile();
    const store = await openStore({ path });
    const head = await stored(store);
    unlinkSync(path);
    const writes = [
      store.update(checkpoint(head, 'a')),
      store.create(newTask()),
      store.deleteExpired({ nowMs: NOW_MS, limit: 1 }),
    ];
    for (const write of writes) await expect(write).rejects.toMatchObject(REMOVED);
    await expect(store.create(newTask())).rejects.toMatchObject(REMOVED);
    await expect(store.list({ owner: 'owner', limit: 1, nowMs: NOW_MS })).rejects.toMatchObject(REMOVED);
  });

  it('[DURA-01] acknowledges no write after a copy took its place, and leaves the copy as it is', async () => {
    const path = temporaryFile();
    const store = await openStore({ path });
    const head = await stored(store);
    // The copy has all that the write-ahead log had.
    openDatabase(path).exec('PRAGMA wal_checkpoint(TRUNCATE)');
    replaceByCopy(path);
    await expect(store.update(checkpoint(head, 'a'))).rejects.toMatchObject(REPLACED);
    await expect(store.update(checkpoint(head, 'b'))).rejects.toMatchObject({
      message: expect.stringContaining(`"${path}"`) as string,
    });
    await store.close();
  });

  it('[DURA-01] is found by a write that is under way', async () => {
    const path = temporaryFile();
    const database = openDatabase(path);
    let afterCommit: (() => void) | undefined;
    const store = await openStore({
      database: {
        exec: (sql) => database.exec(sql),
        prepare(sql) {
          const statement = database.prepare(sql);
          if (sql !== 'COMMIT') return statement;
          return {
            run: (parameters) => {
              statement.run(parameters);
              afterCommit?.();
            },
            get: (parameters) => statement.get(parameters),
            all: (parameters) => statement.all(parameters),
          };
        },
        close: () => undefined,
      },
    });
    await stored(store);
    afterCommit = () => {
      unlinkSync(path);
      afterCommit = undefined;
    };
    const outcomes = await Promise.allSettled([store.create(newTask()), store.create(newTask())]);
    expect(outcomes).toMatchObject([
      { status: 'rejected', reason: REMOVED },
      { status: 'rejected', reason: REMOVED },
    ]);
  });

  it('works again when the file is put back', async () => {
    const path = temporaryFile();
    const store = await openStore({ path });
    await stored(store);
    renameSync(path, `${path}.away`);
    await expect(store.create(newTask())).rejects.toMatchObject(REMOVED);
    renameSync(`${path}.away`, path);
    await expect(store.create(newTask())).resolves.toMatchObject({ status: 'created' });
  });

  it('is found where a link in its path leads to another folder', async () => {
    const path = temporaryFile();
    const folder = dirname(path);
    for (const name of ['one', 'two']) mkdirSync(join(folder, name));
    symlinkSync('one', join(folder, 'current'));
    const store = await openStore({ path: join(folder, 'current', 'tasks.db') });
    await stored(store);
    await (await openStore({ path: join(folder, 'two', 'tasks.db') })).close();
    rmSync(join(folder, 'current'));
    symlinkSync('two', join(folder, 'current'));
    await expect(store.create(newTask())).rejects.toMatchObject(REPLACED);
  });

  it('is no matter of a database in memory', async () => {
    const store = await openStore({ path: ':memory:' });
    await expect(store.create(newTask())).resolves.toMatchObject({ status: 'created' });
  });
});
