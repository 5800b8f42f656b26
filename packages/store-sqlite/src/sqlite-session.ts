import { storeError } from './errors.ts';
import type { SqliteDatabaseLike, SqliteStatementLike, SqliteValue } from './sqlite-database.ts';

/** One row as the driver returns it. */
export type SqliteRow = Readonly<Record<string, unknown>>;

/** Named parameters of a statement. */
export type SqliteParameters = Record<string, SqliteValue>;

/** One connection: prepares each statement once, and turns errors of the driver into errors of the store. */
export class SqliteSession {
  readonly #database: SqliteDatabaseLike;
  readonly #statements = new Map<string, SqliteStatementLike>();
  #isOpen = false;

  constructor(database: SqliteDatabaseLike) {
    this.#database = database;
  }

  /** The store is open on this connection: from now on its failures may pass. */
  opened(): void {
    this.#isOpen = true;
  }

  run(sql: string, parameters: SqliteParameters = {}): void {
    this.#call(sql, (statement) => statement.run(parameters));
  }

  get(sql: string, parameters: SqliteParameters = {}): SqliteRow | undefined {
    return this.#call(sql, (statement) => statement.get(parameters)) as SqliteRow | undefined;
  }

  all(sql: string, parameters: SqliteParameters = {}): readonly SqliteRow[] {
    return this.#call(sql, (statement) => statement.all(parameters)) as SqliteRow[];
  }

  /** Run statements without parameters that are not worth keeping. */
  script(sql: string): void {
    this.#translated(() => this.#database.exec(sql));
  }

  /** Close the connection. */
  close(): void {
    this.#translated(() => this.#database.close());
  }

  /** Write all or nothing; a reader sees the state before or after. */
  transaction<Value>(write: () => Value): Value {
    this.run('BEGIN IMMEDIATE');
    try {
      const value = write();
      this.run('COMMIT');
      return value;
    } catch (error) {
      this.#rollBack();
      throw error;
    }
  }

  /** The first error tells what happened: SQLite may have rolled back by itself, and then refuses to do it again. */
  #rollBack(): void {
    try {
      this.run('ROLLBACK');
    } catch {
      // Nothing is left to roll back.
    }
  }

  #call(sql: string, use: (statement: SqliteStatementLike) => unknown): unknown {
    return this.#translated(() => {
      let statement = this.#statements.get(sql);
      if (statement === undefined) {
        statement = this.#database.prepare(sql);
        this.#statements.set(sql, statement);
      }
      return use(statement);
    });
  }

  #translated<Value>(call: () => Value): Value {
    try {
      return call();
    } catch (error) {
      throw storeError(error, this.#isOpen);
    }
  }
}
