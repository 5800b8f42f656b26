import type { TaskHint } from '@mcp-tasks/store';
import { TASK_STATUSES } from '@mcp-tasks/wire';
import { textOf } from './rows.ts';
import type { SqliteRow, SqliteSession } from './sqlite-session.ts';
import { DATA_VERSION, LAST_CHANGE, LIST_CHANGES } from './statements.ts';

/** Changes that one look at the database reads at most; the rest come with the next look. */
const MAX_CHANGES = 500;

type HintListener = (hint: TaskHint) => void;

/**
 * Hints of changes: those of this store at once, those of other connections by looking at `data_version` while
 * a listener watches. SQLite has no messages between processes.
 */
export class ChangeWatch {
  readonly #session: SqliteSession;
  readonly #intervalMs: number;
  readonly #listeners = new Set<{ readonly listener: HintListener }>();
  #timer: NodeJS.Timeout | undefined;
  #dataVersion: unknown;
  #lastChange = 0;

  constructor(session: SqliteSession, intervalMs: number) {
    this.#session = session;
    this.#intervalMs = intervalMs;
  }

  /** Begin to tell a listener; what is returned ends it, and may be called twice. */
  add(listener: HintListener): () => void {
    const entry = { listener };
    if (this.#timer === undefined) this.#begin();
    this.#listeners.add(entry);
    return () => {
      this.#listeners.delete(entry);
      if (this.#listeners.size === 0) this.stop();
    };
  }

  /** Tell every listener, after the present call: a listener that throws fails nothing of the store. */
  tell(hint: TaskHint): void {
    for (const { listener } of this.#listeners) {
      queueMicrotask(() => {
        listener(hint);
      });
    }
  }

  /** End all watching. */
  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#listeners.clear();
  }

  #begin(): void {
    this.#dataVersion = this.#session.get(DATA_VERSION)?.['data_version'];
    this.#lastChange = Number(this.#session.get(LAST_CHANGE)?.['change_seq']);
    this.#timer = setInterval(() => {
      this.#look();
    }, this.#intervalMs).unref();
  }

  #look(): void {
    try {
      const dataVersion = this.#session.get(DATA_VERSION)?.['data_version'];
      if (dataVersion === this.#dataVersion) return;
      const rows = this.#session.all(LIST_CHANGES, { after: this.#lastChange, limit: MAX_CHANGES });
      for (const row of rows) this.#tellRow(row);
      if (rows.length < MAX_CHANGES) this.#dataVersion = dataVersion;
    } catch {
      // The next look tries again, and the next caller of the store learns of the failure: a hint may be lost.
    }
  }

  #tellRow(row: SqliteRow): void {
    this.#lastChange = Number(row['change_seq']);
    const status = TASK_STATUSES.find((known) => known === row['status']);
    if (status === undefined) return;
    const { holder, due_at_ms: atMs } = row;
    const due = holder === null &&
      typeof atMs === 'number' && { due: { handler: textOf(row['handler']), queue: textOf(row['queue']), atMs } };
    this.tell({ taskId: textOf(row['task_id']), version: Number(row['version']), status, ...due });
  }
}
