/** What a parameter of a statement, or a column of a row, may be. */
export type SqliteValue = null | number | bigint | string | Uint8Array;

/** The part of a prepared statement that the store calls; parameters are named and given without their colon. */
export interface SqliteStatementLike {
  run(parameters: Record<string, SqliteValue>): unknown;
  get(parameters: Record<string, SqliteValue>): unknown;
  all(parameters: Record<string, SqliteValue>): unknown[];
}

/**
 * The part of a synchronous SQLite connection that the store calls.
 *
 * `DatabaseSync` of `node:sqlite` and `Database` of better-sqlite3 have it as they are. SQLite must be 3.41 or newer.
 */
export interface SqliteDatabaseLike {
  exec(sql: string): unknown;
  prepare(sql: string): SqliteStatementLike;
  close(): unknown;
}
