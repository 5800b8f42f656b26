import { createHash } from 'node:crypto';
import type {
  CreateTask,
  CreateTaskOutcome,
  ListPosition,
  ListTasks,
  TaskEntry,
  TaskEntryKey,
  TaskHead,
  TaskHint,
  TaskPage,
  TaskRecord,
  TaskStore,
  UpdateTask,
  UpdateTaskOutcome,
} from '@mcp-tasks/store';
import { storeClosed, storeError } from './errors.ts';
import type { RedisClientLike, RedisSubscriberLike } from './options.ts';
import { fieldArguments, type FlatHash, headOf, recordOf, type RecordReply } from './replies.ts';
import { scripts, type ScriptName } from './scripts/index.ts';

/** What `redisStore` puts together. */
export interface RedisTaskStoreParts {
  readonly client: RedisClientLike;
  /** Begins every key: `{NAME}:`. */
  readonly base: string;
  readonly open: () => Promise<void>;
  readonly close: () => Promise<void>;
}

type OutcomeReply = readonly [
  'created' | 'existing' | 'over-active' | 'over-stored' | 'updated' | 'conflict' | 'not-found',
  FlatHash?,
];

const SHA1: Readonly<Record<ScriptName, string>> = Object.fromEntries(
  Object.entries(scripts).map(([name, script]) => [name, createHash('sha1').update(script).digest('hex')]),
) as Record<ScriptName, string>;

/** Tasks in Redis: each method is one script, so one round trip and one atomic step. */
export class RedisTaskStore implements TaskStore {
  readonly #parts: RedisTaskStoreParts;
  readonly #subscribers = new Set<RedisSubscriberLike>();
  #isClosed = false;

  constructor(parts: RedisTaskStoreParts) {
    this.#parts = parts;
  }

  async open(): Promise<void> {
    await this.#parts.open();
  }

  async create({ head, entries, idempotencyKey, limits, nowMs }: CreateTask): Promise<CreateTaskOutcome> {
    const fields = fieldArguments(head);
    const [outcome, hash] = await this.#run<OutcomeReply>('create', [
      head.taskId,
      ownerKey(head.owner),
      nowMs,
      limits.maxActiveTasks,
      limits.maxStoredTasks,
      ...(idempotencyKey === undefined ? ['0'] : ['1', idempotencyKey]),
      place(head),
      fields.length / 2,
      ...fields,
      ...putArguments(entries),
    ]);
    if (outcome === 'over-active') return { status: 'over-quota', limit: 'maxActiveTasks' };
    if (outcome === 'over-stored') return { status: 'over-quota', limit: 'maxStoredTasks' };
    return { status: outcome === 'created' ? 'created' : 'existing', head: headOf(hash ?? []) };
  }

  async get({ taskIds, kinds, nowMs }: Parameters<TaskStore['get']>[0]): Promise<readonly TaskRecord[]> {
    if (taskIds.length === 0) return [];
    const replies = await this.#run<readonly RecordReply[]>('get', [
      nowMs,
      kinds.length,
      ...kinds,
      ...new Set(taskIds),
    ]);
    return replies.map(recordOf);
  }

  async update({ taskId, expectedVersion, patch, nowMs }: UpdateTask): Promise<UpdateTaskOutcome> {
    const set = fieldArguments(patch.head);
    const unset = Object.entries(patch.head).flatMap(([name, value]) => (value === null ? [name] : []));
    const gone = patch.delete ?? [];
    const [outcome, hash] = await this.#run<OutcomeReply>('update', [
      taskId,
      expectedVersion,
      nowMs,
      set.length / 2,
      ...set,
      unset.length,
      ...unset,
      gone.length,
      ...gone.flatMap(keyArguments),
      ...putArguments(patch.put ?? []),
    ]);
    if (outcome === 'not-found') return { status: 'not-found' };
    return { status: outcome === 'updated' ? 'updated' : 'conflict', head: headOf(hash ?? []) };
  }

  async list({ owner, after, limit, nowMs }: ListTasks): Promise<TaskPage> {
    const hashes = await this.#run<readonly FlatHash[]>('list', [
      ownerKey(owner),
      nowMs,
      limit + 1,
      after ? place(after) : '',
    ]);
    return { heads: hashes.slice(0, limit).map(headOf), hasMore: hashes.length > limit };
  }

  async due({ handlers, limit, nowMs }: Parameters<TaskStore['due']>[0]): Promise<readonly TaskHead[]> {
    const hashes = await this.#run<readonly FlatHash[]>('due', [nowMs, limit, ...new Set(handlers)]);
    const heads = hashes.map(headOf);
    return heads.sort((a, b) => (a.dueAtMs ?? 0) - (b.dueAtMs ?? 0)).slice(0, limit);
  }

  async renew({ leases, dueAtMs, nowMs }: Parameters<TaskStore['renew']>[0]): Promise<readonly TaskHead[]> {
    if (leases.length === 0) return [];
    const named = leases.flatMap(({ taskId, attempt, holder }) => [taskId, attempt, holder]);
    const hashes = await this.#run<readonly FlatHash[]>('renew', [nowMs, dueAtMs, ...named]);
    return hashes.map(headOf);
  }

  async deleteExpired({ nowMs, limit }: { readonly nowMs: number; readonly limit: number }): Promise<number> {
    return this.#run<number>('deleteExpired', [nowMs, limit]);
  }

  async watch(listener: (hint: TaskHint) => void): Promise<() => Promise<void>> {
    if (this.#isClosed) throw storeClosed();
    const subscriber = this.#parts.client.duplicate();
    this.#subscribers.add(subscriber);
    const stop = async () => {
      this.#subscribers.delete(subscriber);
      subscriber.disconnect();
    };
    // The driver connects and subscribes again by itself; what was published meanwhile is lost, which a hint may be.
    subscriber.on('error', () => undefined);
    subscriber.on('message', (_channel, message) => {
      const hint = parseHint(message);
      if (hint) listener(hint);
    });
    try {
      await subscriber.subscribe(`${this.#parts.base}hints`);
    } catch (error) {
      await stop();
      throw storeError(error);
    }
    return stop;
  }

  async serverTimeMs(): Promise<number> {
    const [seconds, microseconds] = await this.#guarded(
      async () => (await this.#parts.client.call('TIME')) as [string, string],
    );
    return Number(seconds) * 1000 + Number(microseconds) / 1000;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    for (const subscriber of this.#subscribers) subscriber.disconnect();
    this.#subscribers.clear();
    await this.#parts.close();
  }

  async #run<Reply>(name: ScriptName, args: readonly (string | number)[]): Promise<Reply> {
    return this.#guarded(() => runScript<Reply>(this.#parts.client, this.#parts.base, name, args));
  }

  async #guarded<Reply>(call: () => Promise<Reply>): Promise<Reply> {
    if (this.#isClosed) throw storeClosed();
    try {
      return await call();
    } catch (error) {
      return this.#fail(error);
    }
  }

  #fail(error: unknown): never {
    throw this.#isClosed ? storeClosed(error) : storeError(error);
  }
}

/** Run a script by its digest; the server gets its text only when it does not know it (after a restart, say). */
export async function runScript<Reply>(
  client: RedisClientLike,
  base: string,
  name: ScriptName,
  args: readonly (string | number)[],
): Promise<Reply> {
  const texts = args.map(String);
  try {
    return (await client.evalsha(SHA1[name], 1, base, ...texts)) as Reply;
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw storeError(error);
  }
  try {
    return (await client.eval(scripts[name], 1, base, ...texts)) as Reply;
  } catch (error) {
    throw storeError(error);
  }
}

const ownerKey = (owner: string): string => Buffer.from(owner, 'utf8').toString('base64url');

const keyArguments = ({ kind, name }: TaskEntryKey): [string, string] => [kind, name];

const putArguments = (entries: readonly TaskEntry[]): (string | number)[] => [
  entries.length,
  ...entries.flatMap((entry) => [...keyArguments(entry), entry.value]),
];

/** Sorts by creation, then id; the id begins at the 17th byte. */
const place = ({ createdAtMs, taskId }: ListPosition): string => createdAtMs.toFixed(0).padStart(16, '0') + taskId;

function parseHint(message: string): TaskHint | undefined {
  const match = /^(\d+) (working|input_required|completed|failed|cancelled) (.+)$/su.exec(message);
  return match
    ? { version: Number(match[1]), status: match[2] as TaskHint['status'], taskId: match[3] ?? '' }
    : undefined;
}
