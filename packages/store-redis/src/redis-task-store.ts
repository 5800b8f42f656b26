import type {
  CreateTask,
  CreateTaskOutcome,
  ListPosition,
  ListTasks,
  TaskHead,
  TaskHint,
  TaskPage,
  TaskRecord,
  TaskStore,
  UpdateTask,
  UpdateTaskOutcome,
} from '@mcp-tasks/store';
import { storeClosed, storeError } from './errors.ts';
import { subscribeToHints } from './hints.ts';
import {
  decodableHeads,
  fieldArguments,
  type FlatHash,
  headOf,
  keyArguments,
  ownerKey,
  putArguments,
  type RecordReply,
  recordsOf,
} from './rows.ts';
import type { ScriptName } from './scripts/index.ts';
import { runScript, type ScriptTarget } from './statements.ts';

/** Parts that `redisStore` puts together. */
export interface RedisTaskStoreParts extends ScriptTarget {
  /** Channel on which the store publishes hints. */
  readonly channel: string;
  readonly open: () => Promise<void>;
  readonly close: () => Promise<void>;
}

type OutcomeReply = readonly [
  'created' | 'existing' | 'over-active' | 'over-stored' | 'updated' | 'conflict' | 'not-found',
  FlatHash?,
];

/** Time for which `close` waits for calls of a client that it may not close. */
const CLOSE_GRACE_MS = 5_000;

/** Tasks in Redis: each method is one script, so one round trip and one atomic step. */
export class RedisTaskStore implements TaskStore {
  readonly #parts: RedisTaskStoreParts;
  /** Functions that each end one watch. */
  readonly #watches = new Set<() => void>();
  readonly #underWay = new Set<Promise<unknown>>();
  #isOpen = false;
  #closing: Promise<void> | undefined;

  constructor(parts: RedisTaskStoreParts) {
    this.#parts = parts;
  }

  async open(): Promise<void> {
    await this.#guarded(this.#parts.open);
    this.#isOpen = true;
  }

  async create({ head, entries, idempotencyKey, limits, nowMs }: CreateTask): Promise<CreateTaskOutcome> {
    const [outcome, hash = []] = await this.#run<OutcomeReply>('create', [
      this.#parts.channel,
      head.taskId,
      ownerKey(head.owner),
      nowMs,
      limits.maxActiveTasks,
      limits.maxStoredTasks,
      ...(idempotencyKey === undefined ? ['0'] : ['1', idempotencyKey]),
      placeOf(head),
      ...fieldArguments(head),
      ...putArguments(entries),
    ]);
    if (outcome === 'over-active') return { status: 'over-quota', limit: 'maxActiveTasks' };
    if (outcome === 'over-stored') return { status: 'over-quota', limit: 'maxStoredTasks' };
    return { status: outcome === 'created' ? 'created' : 'existing', head: headOf(hash) };
  }

  async get({ taskIds, kinds, nowMs }: Parameters<TaskStore['get']>[0]): Promise<readonly TaskRecord[]> {
    const ids = new Set(taskIds);
    const replies = await this.#run<readonly RecordReply[]>('get', [nowMs, kinds.length, ...kinds, ...ids]);
    return recordsOf(replies, ids.size === 1);
  }

  async update({ taskId, expectedVersion, patch, nowMs }: UpdateTask): Promise<UpdateTaskOutcome> {
    const unset = Object.entries(patch.head).flatMap(([name, value]) => (value === null ? [name] : []));
    const gone = patch.delete ?? [];
    const [outcome, hash = []] = await this.#run<OutcomeReply>('update', [
      this.#parts.channel,
      taskId,
      expectedVersion,
      nowMs,
      ...fieldArguments(patch.head),
      unset.length,
      ...unset,
      gone.length,
      ...gone.flatMap(keyArguments),
      ...putArguments(patch.put ?? []),
    ]);
    if (outcome === 'not-found') return { status: 'not-found' };
    return { status: outcome === 'updated' ? 'updated' : 'conflict', head: headOf(hash) };
  }

  async list({ owner, after, limit, nowMs }: ListTasks): Promise<TaskPage> {
    const place = after ? placeOf(after) : '';
    const heads = await this.#firstDecodable(limit + 1, (count) =>
      this.#run<readonly FlatHash[]>('list', [ownerKey(owner), nowMs, count, place]),
    );
    return { heads: heads.slice(0, limit), hasMore: heads.length > limit };
  }

  async due({ handlers, limit, nowMs }: Parameters<TaskStore['due']>[0]): Promise<readonly TaskHead[]> {
    const names = new Set(handlers);
    return this.#firstDecodable(limit, (count) => this.#run<readonly FlatHash[]>('due', [nowMs, count, ...names]));
  }

  async renew({ leases, dueAtMs, nowMs }: Parameters<TaskStore['renew']>[0]): Promise<readonly TaskHead[]> {
    const named = leases.flatMap(({ taskId, attempt, holder }) => [taskId, attempt, holder]);
    return decodableHeads(await this.#run<readonly FlatHash[]>('renew', [nowMs, dueAtMs, ...named]));
  }

  async deleteExpired({ nowMs, limit }: Parameters<TaskStore['deleteExpired']>[0]): Promise<number> {
    return Number(await this.#run<number | string>('deleteExpired', [nowMs, limit]));
  }

  async watch(listener: (hint: TaskHint) => void): Promise<() => Promise<void>> {
    return this.#guarded(async () => {
      const hints = subscribeToHints(this.#parts.client, this.#parts.channel, listener);
      const stop = () => {
        this.#watches.delete(stop);
        hints.stop();
      };
      this.#watches.add(stop);
      try {
        await hints.begun;
      } catch (error) {
        stop();
        throw error;
      }
      return async () => {
        stop();
      };
    });
  }

  async serverTimeMs(): Promise<number> {
    const [seconds, microseconds] = await this.#run<readonly [string, string]>('time', []);
    return Number(seconds) * 1000 + Number(microseconds) / 1000;
  }

  /** Let the calls under way end, then close the connections that `open` and `watch` opened. */
  async close(): Promise<void> {
    this.#closing ??= this.#close();
    await this.#closing;
  }

  async #close(): Promise<void> {
    await settledWithin(this.#underWay, CLOSE_GRACE_MS);
    for (const stop of this.#watches) stop();
    await this.#parts.close();
  }

  /**
   * Read the first heads that can be decoded. It reads past corrupt ones, with one more script each time it meets some.
   */
  async #firstDecodable(
    limit: number,
    read: (count: number) => Promise<readonly FlatHash[]>,
  ): Promise<readonly TaskHead[]> {
    for (let passed = 0; ;) {
      const hashes = await read(limit + passed);
      const heads = decodableHeads(hashes);
      if (heads.length >= limit || hashes.length < limit + passed) return heads.slice(0, limit);
      passed = hashes.length - heads.length;
    }
  }

  #run<Reply>(name: ScriptName, args: readonly (string | number)[]): Promise<Reply> {
    return this.#guarded(() => runScript<Reply>(this.#parts, name, args));
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
}

async function settledWithin(calls: Iterable<Promise<unknown>>, graceMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, graceMs);
  });
  await Promise.race([Promise.allSettled(calls), late]);
  clearTimeout(timer);
}

/** Turn a position into text that sorts by creation, then id; the id begins at the 17th byte. */
const placeOf = ({ createdAtMs, taskId }: ListPosition): string => createdAtMs.toFixed(0).padStart(16, '0') + taskId;
