import {
  type ClaimOutcome,
  type ClaimTasks,
  type CreateTask,
  type CreateTaskOutcome,
  type DueTasks,
  hintOf,
  type ListTasks,
  type OwnerLimits,
  PORT_VERSION,
  type TaskHead,
  type TaskPage,
  type TaskRecord,
  type TaskStore,
  type UpdateTask,
  type UpdateTaskOutcome,
} from '@mcp-tasks/store';
import { noAnswer, storeClosed, storeError } from './errors.ts';
import type { HintChannel } from './hint-channel.ts';
import type { PostgresPoolLike } from './options.ts';
import {
  bytes,
  claimParameters,
  createParameters,
  isStorableText,
  jsonTexts,
  placeOf,
  updateParameters,
} from './parameters.ts';
import { claimedOf, type ClaimRow, decodableHeads, type GetRow, headOf, type HeadRow, recordsOf } from './rows.ts';
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
  readonly outcome: string;
  readonly head: string | null;
  readonly retryable?: boolean | null;
}

/** The limit that an outcome of `create_task` names. */
const LIMITS: Readonly<Record<string, keyof OwnerLimits>> = {
  'over-active': 'maxActiveTasks',
  'over-stored': 'maxStoredTasks',
  'over-bytes': 'maxStoredBytes',
};

/** Tasks in PostgreSQL: each method is one statement, so one round trip. */
export class PostgresTaskStore implements TaskStore {
  readonly portVersion = PORT_VERSION;
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

  async create(create: CreateTask): Promise<CreateTaskOutcome> {
    const [row] = await this.#run<OutcomeRow>(this.#statements.create, createParameters(create));
    const limit = LIMITS[row?.outcome ?? ''];
    if (limit !== undefined) return { status: 'over-quota', limit, retryable: row?.retryable === true };
    const head = headOf(present(row?.head));
    if (row?.outcome === 'existing') return { status: 'existing', head };
    this.#hint(head);
    return { status: 'created', head };
  }

  async get({ taskIds, owner, kinds, nowMs }: Parameters<TaskStore['get']>[0]): Promise<readonly TaskRecord[]> {
    const ids = [...new Set(taskIds)].filter(isStorableText);
    const values = [ids, nowMs, owner === undefined ? null : bytes(owner)];
    const rows =
      kinds.length === 0
        ? await this.#run<GetRow>(this.#statements.getHeads, values)
        : await this.#run<GetRow>(this.#statements.get, [...values, kinds]);
    return recordsOf(rows, ids.length === 1);
  }

  async update(update: UpdateTask): Promise<UpdateTaskOutcome> {
    const [row] = await this.#run<OutcomeRow>(this.#statements.update, updateParameters(update));
    if (row?.outcome === 'not-found') return { status: 'not-found' };
    const head = headOf(present(row?.head));
    if (row?.outcome === 'conflict' || row?.outcome === 'over-quota') return { status: row.outcome, head };
    this.#hint(head);
    return { status: 'updated', head };
  }

  async findJoinable(input: Parameters<TaskStore['findJoinable']>[0]): Promise<TaskHead | undefined> {
    const values = [bytes(input.owner), input.nowMs, JSON.stringify(input.joinKey)];
    const [head] = await this.#firstDecodable(1, (count) =>
      this.#run<HeadRow>(this.#statements.findJoinable, [...values, count]),
    );
    return head;
  }

  async list({ owner, after, limit, nowMs }: ListTasks): Promise<TaskPage> {
    const heads = await this.#firstDecodable(limit + 1, (count) => {
      const values = [bytes(owner), nowMs, count];
      return after
        ? this.#run<HeadRow>(this.#statements.listAfter, [...values, ...placeOf(after.createdAtMs, after.taskId)])
        : this.#run<HeadRow>(this.#statements.listFirst, values);
    });
    return { heads: heads.slice(0, limit), hasMore: heads.length > limit };
  }

  async due({ handlers, queues, after, limit, nowMs }: DueTasks): Promise<readonly TaskHead[]> {
    const { dueFirst, dueAfter, dueOthersFirst, dueOthersAfter } = this.#statements;
    const [names, first, later] =
      'except' in handlers ? [handlers.except, dueOthersFirst, dueOthersAfter] : [handlers, dueFirst, dueAfter];
    return this.#firstDecodable(limit, (count) => {
      const values = [jsonTexts(queues), jsonTexts(names), nowMs, count];
      return after
        ? this.#run<HeadRow>(later, [...values, ...placeOf(after.dueAtMs, after.taskId)])
        : this.#run<HeadRow>(first, values);
    });
  }

  async claim(claim: ClaimTasks): Promise<ClaimOutcome> {
    const rows = await this.#run<ClaimRow>(this.#statements.claim, claimParameters(claim));
    const { records, isAgain, ...rest } = claimedOf(rows);
    if (!isAgain) for (const { head } of records) this.#hint(head);
    return { records, ...rest };
  }

  async renew({ leases, leaseMs, nowMs }: Parameters<TaskStore['renew']>[0]): Promise<readonly TaskHead[]> {
    // The order in which the statement locks rows.
    const sorted = [...leases].sort((one, other) => (one.taskId < other.taskId ? -1 : 1));
    const rows = await this.#run<HeadRow>(this.#statements.renew, [
      sorted.map(({ taskId }) => taskId),
      sorted.map(({ attempt }) => attempt),
      sorted.map(({ holder }) => JSON.stringify(holder)),
      leaseMs,
      nowMs,
    ]);
    return decodableHeads(rows);
  }

  async deleteExpired({ nowMs, limit }: Parameters<TaskStore['deleteExpired']>[0]): Promise<readonly TaskHead[]> {
    return decodableHeads(await this.#run<HeadRow>(this.#statements.deleteExpired, [nowMs, limit]));
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

  #hint(head: TaskHead): void {
    this.#parts.hints?.send(hintOf(head));
  }
}

function present<Value>(value: Value | null | undefined): Value {
  if (value === null || value === undefined) throw noAnswer();
  return value;
}
