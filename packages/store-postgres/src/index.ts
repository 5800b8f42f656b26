// The public surface of @mcp-tasks/store-postgres. Adding a line here makes a promise.

export { postgresStore } from './postgres-store.ts';
export type { PostgresClientLike, PostgresPoolLike, PostgresQuery, PostgresStoreOptions } from './options.ts';
