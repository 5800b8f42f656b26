import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import {
  type SqliteDatabaseLike,
  sqliteStore,
  type SqliteTaskStore,
  type SqliteTaskStoreOptions,
} from '../../src/index.ts';

/** A driver of this Node.js. */
export interface Driver {
  readonly name: 'node:sqlite' | 'better-sqlite3';
  readonly open: (path: string) => SqliteDatabaseLike;
}

type DatabaseClass = new (path: string) => SqliteDatabaseLike;

/** The drivers that this Node.js can load: the built-in one from 22.13 on, the installed one where it was built for it. */
export const DRIVERS: readonly Driver[] = [
  driver('node:sqlite', () => {
    const { getBuiltinModule } = process as { getBuiltinModule?: (name: string) => unknown };
    return (getBuiltinModule?.('node:sqlite') as { DatabaseSync: DatabaseClass } | undefined)?.DatabaseSync;
  }),
  driver('better-sqlite3', () => createRequire(import.meta.url)('better-sqlite3') as DatabaseClass),
].flat();

function driver(name: Driver['name'], load: () => DatabaseClass | undefined): readonly Driver[] {
  try {
    const Database = load();
    if (Database === undefined) return [];
    new Database(':memory:').close();
    return [{ name, open: (path) => new Database(path) }];
  } catch {
    return [];
  }
}

/** A path for a database, removed with everything beside it when the test is over. */
export function temporaryFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'mcp-tasks-sqlite-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return join(folder, 'tasks.db');
}

/** A connection of the test's own, beside the store. */
export function openDatabase(path: string): SqliteDatabaseLike {
  const [first] = DRIVERS;
  if (first === undefined) throw new TypeError('no SQLite driver: install better-sqlite3, or use Node.js 22.13');
  const database = first.open(path);
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

/** A connection that notes the text of every statement that is run on it. */
export function recording(database: SqliteDatabaseLike): {
  readonly database: SqliteDatabaseLike;
  readonly log: string[];
} {
  const log: string[] = [];
  const noted = (sql: string) => {
    log.push(sql.trim());
  };
  return {
    log,
    database: {
      exec(sql) {
        noted(sql);
        return database.exec(sql);
      },
      prepare(sql) {
        const statement = database.prepare(sql);
        return {
          run: (parameters) => (noted(sql), statement.run(parameters)),
          get: (parameters) => (noted(sql), statement.get(parameters)),
          all: (parameters) => (noted(sql), statement.all(parameters)),
        };
      },
      close: () => database.close(),
    },
  };
}
