import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import {
  type SqliteDatabaseLike,
  sqliteStore,
  type SqliteTaskStore,
  type SqliteTaskStoreOptions,
} from '../../src/index.ts';
import { firstDriver } from './drivers.ts';

/** A path for a database in a folder of its own, and what removes that folder. */
export function newFile(): { readonly path: string; readonly remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'mcp-tasks-sqlite-'));
  return {
    path: join(folder, 'tasks.db'),
    remove: () => {
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A path for a database, removed with everything beside it when the test is over. */
export function temporaryFile(): string {
  const { path, remove } = newFile();
  onTestFinished(remove);
  return path;
}

/** A connection of the test's own, beside the store. */
export function openDatabase(path: string): SqliteDatabaseLike {
  const database = firstDriver().open(path);
  onTestFinished(() => {
    try {
      database.close();
    } catch {
      // The test has closed it.
    }
  });
  return database;
}

/** An open store, closed when the test is over. */
export async function openStore(options: SqliteTaskStoreOptions): Promise<SqliteTaskStore> {
  const store = sqliteStore(options);
  onTestFinished(() => store.close());
  await store.open();
  return store;
}

/** A connection that notes the text of every statement that is run on it, and counts what goes in and comes out. */
export function recording(database: SqliteDatabaseLike) {
  const log: string[] = [];
  const cost = { operations: 0, bytes: 0 };
  const noted = <Value>(sql: string, parameters: unknown, run: () => Value): Value => {
    log.push(sql.trim());
    const value = run();
    cost.operations += 1 + (Array.isArray(value) ? value.length : 0);
    cost.bytes += bytesOf(parameters) + bytesOf(value);
    return value;
  };
  const recorded: SqliteDatabaseLike = {
    exec: (sql) => noted(sql, undefined, () => database.exec(sql)),
    prepare(sql) {
      const statement = database.prepare(sql);
      return {
        run: (parameters) => noted(sql, parameters, () => statement.run(parameters)),
        get: (parameters) => noted(sql, parameters, () => statement.get(parameters)),
        all: (parameters) => noted(sql, parameters, () => statement.all(parameters)),
      };
    },
    close: () => database.close(),
  };
  return { database: recorded, log, cost };
}

/** Bytes of the values in rows and parameters. */
function bytesOf(value: unknown): number {
  if (value instanceof Uint8Array) return value.byteLength;
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (typeof value !== 'object' || value === null) return 8;
  return Object.values(value).reduce((sum: number, part) => sum + bytesOf(part), 0);
}
