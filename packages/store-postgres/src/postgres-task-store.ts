import type {
  CreateTask,
  CreateTaskOutcome,
  ListPosition,
  ListTasks,
  TaskEntryKey,
  TaskHead,
  TaskHint,
  TaskPage,
  TaskRecord,
  TaskStore,
  UpdateTask,
  UpdateTaskOutcome,
} from '@mcp-tasks/store';
import { noAnswer, storeClosed, storeError } from './errors.ts';
import type { HintChannel } from './hint-channel.ts';
import type { PostgresPoolLike } from './options.ts';
import { decodableHeads, type GetRow, headOf, headParameter, type HeadRow, recordsOf } from './rows.ts';
import { type Statement, type Statements, statements } from './statements.ts';

/** Parts that `postgresStore` puts together. */
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
  readonly head: string | null;
}

/** Tasks in PostgreSQL: each method is one statement, so one round trip. */
export class PostgresTaskStore implements TaskStore {
  readonly #parts: PostgresTaskStoreParts;
  readonly #statements: Statements;
  readonly #underWay = new Set<Promise<unknown>>();
  #isOpen = false;
  #closing: Promise<void> | undefined;
  /** Absent where the store has no hints. */
  readonly watch?: NonNullable<TaskStore['watch']>;

  constructor(parts: PostgresTaskStoreParts) {
    this.#parts = parts;
    this.#statements = statements(parts.schema);
    const { hints } = parts;
    if (hints) this.watch = (listener) => this.#guarded(() => hints.watch(listener));
  }

  async open(): Promise<void> {
    await this.#guarded(this.#parts.open);
    this.#isOpen = true;
  }

  async create({ head, entries, idempotencyKey, limits, nowMs }: CreateTask): Promise<CreateTaskOutcome> {
    const { owner, ...rest } = head;
    const [row] = await this.#run<OutcomeRow>(this.#statements.create, [
      headParameter(rest),
      bytes(owner),
      idempotencyKey === undefined ? null : bytes(idempotencyKey),
      withinBigint(limits.maxActiveTasks),
      withinBigint(limits.maxStoredTasks),
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
    const ids = [...new Set(taskIds)].filter(isStorableText);
    const rows =
      kinds.length === 0
        ? await this.#run<GetRow>(this.#statements.getHeads, [ids, nowMs])
        : await this.#run<GetRow>(this.#statements.get, [ids, nowMs, kinds]);
    return recordsOf(rows, ids.length === 1);
  }

  async update({ taskId, expectedVersion, patch, nowMs }: UpdateTask): Promise<UpdateTaskOutcome> {
    const put = patch.put ?? [];
    const [row] = await this.#run<OutcomeRow>(this.#statements.update, [
      isStorableText(taskId) ? taskId : '',
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
    const heads = await this.#firstDecodable(limit + 1, (count) => {
      const values = [bytes(owner), nowMs, count];
      return after
        ? this.#run<HeadRow>(this.#statements.listAfter, [...values, ...placeOf(after)])
        : this.#run<HeadRow>(this.#statements.listFirst, values);
    });
    return { heads: heads.slice(0, limit), hasMore: heads.length > limit };
  }

  async due({ handlers, limit, nowMs }: Parameters<TaskStore['due']>[0]): Promise<readonly TaskHead[]> {
    const names = [...new Set(handlers)].map((name) => JSON.stringify(name));
    return this.#firstDecodable(limit, (count) => this.#run<HeadRow>(this.#statements.due, [names, nowMs, count]));
  }

  async renew({ leases, dueAtMs, nowMs }: Parameters<TaskStore['renew']>[0]): Promise<readonly TaskHead[]> {
    // The order in which the statement locks rows.
    const sorted = [...leases].sort((one, other) => (one.taskId < other.taskId ? -1 : 1));
    const rows = await this.#run<HeadRow>(this.#statements.renew, [
      sorted.map(({ taskId }) => taskId),
      sorted.map(({ attempt }) => attempt),
      sorted.map(({ holder }) => JSON.stringify(holder)),
      dueAtMs,
      nowMs,
    ]);
    return decodableHeads(rows);
  }

  async deleteExpired({ nowMs, limit }: Parameters<TaskStore['deleteExpired']>[0]): Promise<number> {
    const [row] = await this.#run<{ gone: number }>(this.#statements.deleteExpired, [nowMs, limit]);
    return present(row).gone;
  }

  async serverTimeMs(): Promise<number> {
    const [row] = await this.#run<{ now_ms: number }>(this.#statements.serverTime, []);
    return present(row).now_ms;
  }

  /** Let the calls under way end, then close the connections that `open` opened. */
  async close(): Promise<void> {
    this.#closing ??= this.#close();
    await this.#closing;
  }

  async #close(): Promise<void> {
    // When the driver's pool ends, it drops the calls that wait for a connection.
    await Promise.allSettled(this.#underWay);
    await this.#parts.hints?.close();
    await this.#parts.close();
  }

  /**
   * Read the first heads that can be decoded. It reads past corrupt ones, with one more statement each time it meets
   * some.
   */
  async #firstDecodable(
    limit: number,
    read: (count: number) => Promise<readonly HeadRow[]>,
  ): Promise<readonly TaskHead[]> {
    for (let passed = 0; ;) {
      const rows = await read(limit + passed);
      const heads = decodableHeads(rows);
      if (heads.length >= limit || rows.length < limit + passed) return heads.slice(0, limit);
      passed = rows.length - heads.length;
    }
  }

  #run<Row>({ name, text }: Statement, values: unknown[]): Promise<Row[]> {
    return this.#guarded(async () => {
      const query = this.#parts.preparedStatements ? { name, text, values } : { text, values };
      return (await this.#parts.pool.query(query)).rows as Row[];
    });
  }

  async #guarded<Value>(call: () => Promise<Value>): Promise<Value> {
    if (this.#closing !== undefined) throw storeClosed();
    const called = call();
    this.#underWay.add(called);
    try {
      return await called;
    } catch (error) {
      throw storeError(error, this.#isOpen);
    } finally {
      this.#underWay.delete(called);
    }
  }

  #hint({ taskId, version, status }: TaskHint): void {
    this.#parts.hints?.send({ taskId, version, status });
  }
}

const bytes = (text: string): Buffer => Buffer.from(text, 'utf8');

const withinBigint = (number: number): number =>
  Math.trunc(Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, number)));

/** Turn a position into parameters. A caller can make a cursor up, so any content has to name a place. */
const placeOf = ({ createdAtMs, taskId }: ListPosition): [number, string] => [
  withinBigint(createdAtMs),
  taskId.replaceAll('\0', ''),
];

/** Tell whether PostgreSQL can store a text. It stores no NUL, so no task has an id with one. */
const isStorableText = (text: string): boolean => !text.includes('\0');

const columns = (keys: readonly TaskEntryKey[]): [string[], Buffer[]] => [
  keys.map(({ kind }) => kind),
  keys.map(({ name }) => bytes(name)),
];

function present<Value>(value: Value | null | undefined): Value {
  if (value === null || value === undefined) throw noAnswer();
  return value;
}
