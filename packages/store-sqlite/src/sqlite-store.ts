import { resolveOptions, type SqliteTaskStoreOptions } from './options.ts';
import { SqliteTaskStore } from './sqlite-task-store.ts';

/**
 * Keep tasks in a SQLite file: durable, shared by the processes of one machine.
 *
 * With `path` the driver is the built-in `node:sqlite`, or better-sqlite3 where Node.js has none; with `database` it is
 * that of the connection. A file that several processes use is one store to all of them.
 *
 * @throws {TypeError} an option is missing or of the wrong type; the message names it.
 * @throws {RangeError} a number is out of its range; the message names it.
 *
 * @example
 * const layer = createTasks({ store: sqliteStore({ path: 'tasks.db' }) });
 */
export function sqliteStore(options: SqliteTaskStoreOptions): SqliteTaskStore {
  return new SqliteTaskStore(resolveOptions(options));
}
