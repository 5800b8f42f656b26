// The public surface of @mcp-tasks/store-sqlite. Adding a line here makes a promise.

// The store
export { sqliteStore } from './sqlite-store.ts';
export type { SqliteTaskStore } from './sqlite-task-store.ts';

// Its options
export type {
  SqliteConnectionOptions,
  SqliteFileOptions,
  SqliteSynchronous,
  SqliteTaskStoreOptions,
} from './options.ts';

// What it asks of a connection that it is handed
export type { SqliteDatabaseLike, SqliteStatementLike, SqliteValue } from './sqlite-database.ts';
