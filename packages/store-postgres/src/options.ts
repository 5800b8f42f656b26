/** What the store needs of a `pg` pool (or of anything that behaves like one). */
export interface PostgresPoolLike {
  query(query: {
    readonly name?: string;
    readonly text: string;
    readonly values?: unknown[];
  }): Promise<{ rows: unknown[]; rowCount: number | null }>;
  connect(): Promise<PostgresClientLike>;
}

/** A client checked out of the pool. */
export interface PostgresClientLike {
  query(query: { readonly text: string; readonly values?: unknown[] }): Promise<{ rows: unknown[] }>;
  release(destroy?: boolean | Error): void;
}

/** Options of `postgresStore`. */
export interface PostgresStoreOptions {
  /** `postgres://user:password@host:port/database`; TLS and the rest by its parameters, as `pg` reads them. The store opens and closes its own pool. */
  readonly connectionString?: string | undefined;
  /** Options of `pg` for the store's own pool (`ssl`, `password` function, `max`, …); merged over `connectionString`. */
  readonly config?: Readonly<Record<string, unknown>> | undefined;
  /** An open pool, which `close()` leaves open. Takes the place of `connectionString` and `config`. */
  readonly pool?: PostgresPoolLike | undefined;
  /** Schema of the store's tables, made when missing; letters, digits and `_`, at most 48. Default `mcp_tasks`. */
  readonly schema?: string | undefined;
  /**
   * Where hints of changes go between processes: a direct connection, not one of a transaction pooler, since it listens.
   * Default: the same as the store's own pool; `false` (and the default with `pool`) = no hints, waiters poll every second.
   */
  readonly hints?: string | false | undefined;
  /** Keep the statements prepared on each connection: faster, but not behind a transaction pooler. Default false. */
  readonly preparedStatements?: boolean | undefined;
}
