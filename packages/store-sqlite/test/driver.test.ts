import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { NOW_MS, stored } from '@mcp-tasks/store-testing';
import type BetterSqlite3 from 'better-sqlite3';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { type DriverSources, openFile } from '../src/driver.ts';
import type { SqliteDatabaseLike } from '../src/index.ts';
import { openStore, temporaryFile } from './support/database.ts';
import { DRIVERS } from './support/drivers.ts';

/** A driver that only notes which paths it was asked to open. */
function fakeDriver(failure?: Error) {
  const opened: string[] = [];
  class Database implements SqliteDatabaseLike {
    constructor(path: string) {
      if (failure !== undefined) throw failure;
      opened.push(path);
    }
    exec() {
      return undefined;
    }
    prepare(): never {
      throw new TypeError('nothing is prepared here');
    }
    close() {
      return undefined;
    }
  }
  return { Database, opened };
}

const missing: DriverSources['installed'] = () => {
  throw new TypeError("Cannot find module 'better-sqlite3'");
};

describe('which driver opens a file', () => {
  it('is the built-in one where Node.js has it', () => {
    const { Database, opened } = fakeDriver();
    const path = temporaryFile();
    openFile(path, { builtIn: () => ({ DatabaseSync: Database }), installed: missing });
    expect(opened).toEqual([path]);
  });

  it('is better-sqlite3 where Node.js has none', () => {
    const { Database, opened } = fakeDriver();
    const path = temporaryFile();
    openFile(path, { builtIn: () => undefined, installed: () => Database });
    // The first connection proves that its native part is there.
    expect(opened).toEqual([':memory:', path]);
  });

  it.each([
    ['is not installed', missing],
    ['was installed, but not built', () => fakeDriver(new TypeError('Could not locate the bindings file')).Database],
  ])('is none where better-sqlite3 %s: the error prints the command that installs it', (_case, installed) => {
    const path = temporaryFile();
    expect(() => openFile(path, { builtIn: () => undefined, installed })).toThrow(
      expect.objectContaining({
        code: 'STORE_UNAVAILABLE',
        retryable: false,
        message: expect.stringContaining('Run: npm install better-sqlite3@12') as string,
        cause: expect.any(TypeError) as TypeError,
      }),
    );
    expect(existsSync(path)).toBe(false);
  });
});

describe.each(DRIVERS)('with $name', ({ open }) => {
  it('keeps tasks in a connection that it was handed, and leaves it open', async () => {
    const path = temporaryFile();
    const database = open(path);
    const store = await openStore({ database });
    const head = await stored(store, { entryBytes: 2 }, [{ kind: 'call', name: '', value: '{}' }]);
    await store.close();
    expect(database.prepare('SELECT count(*) AS tasks FROM mcp_tasks').get({})).toEqual({ tasks: 1 });
    database.close();

    const again = await openStore({ path });
    const records = await again.get({ taskIds: [head.taskId], kinds: ['call'], nowMs: NOW_MS });
    expect(records).toEqual([{ head, entries: [{ kind: 'call', name: '', value: '{}' }] }]);
  });

  it('reports a file whose directory is missing as such', () => {
    const path = join(temporaryFile(), 'missing', 'tasks.db');
    // Called by `new`, a function that returns an object makes that object.
    const Database = function (file: string) {
      return open(file);
    } as unknown as new (file: string) => SqliteDatabaseLike;
    expect(() => openFile(path, { builtIn: () => ({ DatabaseSync: Database }), installed: missing })).toThrow(
      expect.objectContaining({
        code: 'STORE_UNAVAILABLE',
        message: expect.stringContaining('make its directory') as string,
      }),
    );
  });
});

it('takes a connection of better-sqlite3 without a cast', () => {
  expectTypeOf<BetterSqlite3.Database>().toExtend<SqliteDatabaseLike>();
});

it('finds a driver on this Node.js', () => {
  expect(DRIVERS.length).toBeGreaterThan(0);
});
