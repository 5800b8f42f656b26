import type {
  CreateTask,
  CreateTaskOutcome,
  ListTasks,
  TaskEntryKey,
  TaskHead,
  TaskHint,
  TaskLease,
  TaskPage,
  TaskRecord,
  TaskStore,
  UpdateTask,
  UpdateTaskOutcome,
} from '@mcp-tasks/store';
import { storeClosed, storeError } from './errors.ts';
import type { HintChannel } from './hint-channel.ts';
import type { PostgresPoolLike } from './options.ts';
import { type GetRow, type HeadJson, headOf, headParameter, recordsOf } from './rows.ts';
import { type Statement, statements } from './statements.ts';

/** What `postgresStore` puts together. */
export interface PostgresTaskStoreParts {
  readonly pool: PostgresPoolLike;
  readonly schema: string;
  readonly preparedStatements: boolean;
  readonly hints: HintChannel | undefined;
  readonly open: () => Promise<void>;
  readonly close: () => Promise<void>;
}

interface OutcomeRow {
  readonly outcome: 'created' | 'existing' | 'over-active' | 'over-stored' | 'updated' | 'conflict' | 'not-found';
  readonly head: HeadJson | null;
}

/** Tasks in PostgreSQL: each method is one statement, so one round trip. */
export class PostgresTaskStore implements TaskStore {
  readonly #parts: PostgresTaskStoreParts;
  readonly #statements: Record<string, Statement> & ReturnType<typeof statements>;
  #isClosed = false;
  /** Absent where the store has no hints. */
  readonly watch?: NonNullable<TaskStore['watch']>;

  constructor(parts: PostgresTaskStoreParts) {
    this.#parts = parts;
    this.#statements = statements(parts.schema);
    const { hints } = parts;
    if (hints) {
      this.watch = (listener) =>
        this.#isClosed
          ? Promise.reject(storeClosed())
          : hints.watch(listener).catch((error: unknown) => this.#fail(error));
    }
  }

  async open(): Promise<void> {
    await this.#parts.open();
  }

  async create({ head, entries, idempotencyKey, limits, nowMs }: CreateTask): Promise<CreateTaskOutcome> {
    const { owner, ...rest } = head;
    const [row] = await this.#run<OutcomeRow>(this.#statements.create, [
      headParameter(rest),
      bytes(owner),
      idempotencyKey === undefined ? null : bytes(idempotencyKey),
      limits.maxActiveTasks,
      limits.maxStoredTasks,
      nowMs,
      ...columns(entries),
      entries.map(({ value }) => value),
    ]);
    if (row?.outcome === 'over-active') return { status: 'over-quota', limit: 'maxActiveTasks' };
    if (row?.outcome === 'over-stored') return { status: 'over-quota', limit: 'maxStoredTasks' };
    const stored = headOf(present(row?.head));
    if (row?.outcome === 'existing') return { status: 'existing', head: stored };
    this.#hint(stored);
    return { status: 'created', head: stored };
  }

  async get({ taskIds, kinds, nowMs }: Parameters<TaskStore['get']>[0]): Promise<readonly TaskRecord[]> {
    if (this.#isClosed) throw storeClosed();
    const ids = taskIds.filter(isStorableText);
    if (ids.length === 0) return [];
    const rows =
      kinds.length === 0
        ? await this.#run<GetRow>(this.#statements.getHeads, [ids, nowMs])
        : await this.#run<GetRow>(this.#statements.get, [ids, nowMs, kinds]);
    return recordsOf(rows);
  }

  async update({ taskId, expectedVersion, patch, nowMs }: UpdateTask): Promise<UpdateTaskOutcome> {
    if (!isStorableText(taskId)) return { status: 'not-found' };
    const put = patch.put ?? [];
    const [row] = await this.#run<OutcomeRow>(this.#statements.update, [
      taskId,
      expectedVersion,
      nowMs,
      headParameter(patch.head),
      ...columns(put),
      put.map(({ value }) => value),
      ...columns(patch.delete ?? []),
    ]);
    if (row?.outcome === 'not-found') return { status: 'not-found' };
    const head = headOf(present(row?.head));
    if (row?.outcome === 'conflict') return { status: 'conflict', head };
    this.#hint(head);
    return { status: 'updated', head };
  }

  async list({ owner, after, limit, nowMs }: ListTasks): Promise<TaskPage> {
    const values = [bytes(owner), nowMs, limit + 1];
    const rows = after
      ? await this.#heads(this.#statements.listAfter, [...values, after.createdAtMs, after.taskId])
      : await this.#heads(this.#statements.listFirst, values);
    return { heads: rows.slice(0, limit), hasMore: rows.length > limit };
  }

  async due({ handlers, limit, nowMs }: Parameters<TaskStore['due']>[0]): Promise<readonly TaskHead[]> {
    return this.#heads(this.#statements.due, [handlers.map((name) => JSON.stringify(name)), nowMs, limit]);
  }

  async renew({
    leases,
    dueAtMs,
    nowMs,
  }: {
    readonly leases: readonly TaskLease[];
    readonly dueAtMs: number;
    readonly nowMs: number;
  }): Promise<readonly TaskHead[]> {
    return this.#heads(this.#statements.renew, [
      leases.map(({ taskId }) => taskId),
      leases.map(({ attempt }) => attempt),
      leases.map(({ holder }) => JSON.stringify(holder)),
      dueAtMs,
      nowMs,
    ]);
  }

  async deleteExpired({ nowMs, limit }: { readonly nowMs: number; readonly limit: number }): Promise<number> {
    const [row] = await this.#run<{ gone: number }>(this.#statements.deleteExpired, [nowMs, limit]);
    return present(row).gone;
  }

  async serverTimeMs(): Promise<number> {
    const [row] = await this.#run<{ now_ms: number }>(this.#statements.serverTime, []);
    return present(row).now_ms;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#parts.hints?.close();
    await this.#parts.close();
  }

  async #heads(statement: Statement, values: unknown[]): Promise<TaskHead[]> {
    const rows = await this.#run<{ head: HeadJson }>(statement, values);
    return rows.map(({ head }) => headOf(head));
  }

  async #run<Row>({ name, text }: Statement, values: unknown[]): Promise<Row[]> {
    if (this.#isClosed) throw storeClosed();
    try {
      const query = this.#parts.preparedStatements ? { name, text, values } : { text, values };
      return (await this.#parts.pool.query(query)).rows as Row[];
    } catch (error) {
      return this.#fail(error);
    }
  }

  #fail(error: unknown): never {
    throw this.#isClosed ? storeClosed(error) : storeError(error);
  }

  #hint({ taskId, version, status }: TaskHint): void {
    this.#parts.hints?.send({ taskId, version, status });
  }
}

const bytes = (text: string): Buffer => Buffer.from(text, 'utf8');

/** PostgreSQL text holds no NUL; no id that we made has one. */
const isStorableText = (text: string): boolean => !text.includes('\0');

const columns = (keys: readonly TaskEntryKey[]): [string[], Buffer[]] => [
  keys.map(({ kind }) => kind),
  keys.map(({ name }) => bytes(name)),
];

function present<Value>(value: Value | null | undefined): Value {
  if (value === null || value === undefined) throw storeError(new TypeError('a function of the store answered no row'));
  return value;
}
