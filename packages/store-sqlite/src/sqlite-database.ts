/** Value of a parameter of a statement, or of a column of a row. */
export type SqliteValue = null | number | bigint | string | Uint8Array;

/** The part of a prepared statement that the store calls; parameters are named and given without their colon. */
export interface SqliteStatementLike {
  /** Run it for what it writes. */
  run(parameters: Record<string, SqliteValue>): unknown;
  /** Answer its first row, or undefined. */
  get(parameters: Record<string, SqliteValue>): unknown;
  /** Answer all its rows. */
  all(parameters: Record<string, SqliteValue>): unknown[];
}

/**
 * The part of a synchronous SQLite connection that the store calls.
 *
 * `DatabaseSync` of `node:sqlite` and `Database` of better-sqlite3 have it as they are. SQLite must be 3.41 or newer.
 */
export interface SqliteDatabaseLike {
  /** Run statements without parameters. */
  exec(sql: string): unknown;
  /** Compile one statement. */
  prepare(sql: string): SqliteStatementLike;
  /** Close the connection. */
  close(): unknown;
}
