import {
  type ClaimOutcome,
  type ClaimTasks,
  corruptRecord,
  type CreateTask,
  type CreateTaskOutcome,
  type DueTasks,
  type ListTasks,
  type OwnerLimits,
  PORT_VERSION,
  type TaskHead,
  type TaskHint,
  type TaskPage,
  type TaskRecord,
  type TaskStore,
  type UpdateTask,
  type UpdateTaskOutcome,
} from '@mcp-tasks/store';
import { claimArguments, createArguments, groupKeys, placeOf, updateArguments } from './arguments.ts';
import { subscribeToHints } from './hints.ts';
import {
  decodableHeads,
  firstDecodable,
  type FlatHash,
  headOf,
  lastOwnerOf,
  listArguments,
  ownerKey,
  type RecordReply,
  recordsOf,
} from './rows.ts';
import { ScriptCalls } from './script-calls.ts';
import type { ScriptName } from './scripts/index.ts';
import type { ScriptTarget } from './statements.ts';

/** Parts that `redisStore` puts together. */
export interface RedisTaskStoreParts extends ScriptTarget {
  /** Channel on which the store publishes hints. */
  readonly channel: string;
  readonly open: () => Promise<void>;
  readonly close: () => Promise<void>;
}

type CreateReply =
  readonly ['created', number | string] | readonly ['existing', FlatHash] | readonly [keyof typeof REACHED, string?];
type UpdateReply =
  readonly ['updated' | 'conflict' | 'over-quota' | 'spoilt', FlatHash] | readonly ['not-found', FlatHash?];
type ClaimReply = readonly [readonly RecordReply[], string | null, string];

const REACHED = {
  'over-active': 'maxActiveTasks',
  'over-tasks': 'maxStoredTasks',
  'over-bytes': 'maxStoredBytes',
} as const satisfies Readonly<Record<string, keyof OwnerLimits>>;

/** Tasks in Redis: each method is one script, so one round trip and one atomic step. */
export class RedisTaskStore implements TaskStore {
  readonly portVersion = PORT_VERSION;
  readonly #parts: RedisTaskStoreParts;
  readonly #calls: ScriptCalls;
  /** Functions that each end one watch. */
  readonly #watches = new Set<() => void>();
  #closing: Promise<void> | undefined;

  constructor(parts: RedisTaskStoreParts) {
    this.#parts = parts;
    this.#calls = new ScriptCalls(parts);
  }

  async open(): Promise<void> {
    await this.#calls.guarded(this.#parts.open);
    this.#calls.opened();
  }

  async create(input: CreateTask): Promise<CreateTaskOutcome> {
    const reply = await this.#calls.run<CreateReply>('create', createArguments(input, this.#parts.channel));
    if (reply[0] === 'created') {
      return { status: 'created', head: { ...input.head, entryBytes: Number(reply[1]) } };
    }
    if (reply[0] === 'existing') return { status: 'existing', head: headOf(reply[1]) };
    return { status: 'over-quota', limit: REACHED[reply[0]], retryable: reply[1] === '1' };
  }

  async get({ taskIds, owner, kinds, nowMs }: Parameters<TaskStore['get']>[0]): Promise<readonly TaskRecord[]> {
    const ids = new Set(taskIds);
    const replies = await this.#calls.run<readonly RecordReply[]>('get', [
      nowMs,
      ...(owner === undefined ? ['0'] : ['1', ownerKey(owner)]),
      ...listArguments(kinds),
      ...ids,
    ]);
    return recordsOf(replies, ids.size === 1);
  }

  async update(input: UpdateTask): Promise<UpdateTaskOutcome> {
    const [status, hash = []] = await this.#calls.run<UpdateReply>(
      'update',
      updateArguments(input, this.#parts.channel),
    );
    if (status === 'not-found') return { status };
    if (status === 'spoilt') throw corruptRecord(input.taskId, new TypeError('Entries of a kind are not a hash.'));
    return { status, head: headOf(hash) };
  }

  async findJoinable(input: Parameters<TaskStore['findJoinable']>[0]): Promise<TaskHead | undefined> {
    const { owner, joinKey, nowMs } = input;
    const [head] = await firstDecodable(1, (count) =>
      this.#calls.run<readonly FlatHash[]>('findJoinable', [ownerKey(owner), joinKey, nowMs, count]),
    );
    return head;
  }

  async list({ owner, after, limit, nowMs }: ListTasks): Promise<TaskPage> {
    const place = after ? placeOf(after) : '';
    const heads = await firstDecodable(limit + 1, (count) =>
      this.#calls.run<readonly FlatHash[]>('list', [ownerKey(owner), nowMs, count, place]),
    );
    return { heads: heads.slice(0, limit), hasMore: heads.length > limit };
  }

  async due({ handlers, queues, after, limit, nowMs }: DueTasks): Promise<readonly TaskHead[]> {
    const from = after ? ['1', after.dueAtMs, after.taskId] : ['0', 0, ''];
    const [script, groups]: [ScriptName, readonly (string | number)[]] =
      'except' in handlers
        ? ['dueOthers', [...listArguments(handlers.except), ...new Set(queues)]]
        : ['due', groupKeys(handlers, queues)];
    return firstDecodable(limit, (count) =>
      this.#calls.run<readonly FlatHash[]>(script, [nowMs, count, ...from, ...groups]),
    );
  }

  async claim(input: ClaimTasks): Promise<ClaimOutcome> {
    const args = claimArguments(input, this.#parts.channel);
    const [replies, last, next] = await this.#calls.run<ClaimReply>('claim', args);
    return {
      // A task that cannot be decoded is left to its lease.
      records: recordsOf(replies, false),
      ...lastOwnerOf(last),
      nextDueAtMs: next === '' ? null : Number(next),
    };
  }

  async renew({ leases, leaseMs, nowMs }: Parameters<TaskStore['renew']>[0]): Promise<readonly TaskHead[]> {
    const named = leases.flatMap(({ taskId, attempt, holder }) => [taskId, attempt, holder]);
    return decodableHeads(await this.#calls.run<readonly FlatHash[]>('renew', [nowMs, leaseMs, ...named]));
  }

  async deleteExpired({ nowMs, limit }: Parameters<TaskStore['deleteExpired']>[0]): Promise<readonly TaskHead[]> {
    return decodableHeads(await this.#calls.run<readonly FlatHash[]>('deleteExpired', [nowMs, limit]));
  }

  async watch(listener: (hint: TaskHint) => void): Promise<() => Promise<void>> {
    return this.#calls.guarded(async () => {
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
    const [seconds, microseconds] = await this.#calls.run<readonly [string, string]>('time', []);
    return Number(seconds) * 1000 + Number(microseconds) / 1000;
  }

  /** Let the calls under way end, then close the connections that `open` and `watch` opened. */
  async close(): Promise<void> {
    this.#closing ??= this.#close();
    await this.#closing;
  }

  async #close(): Promise<void> {
    await this.#calls.close();
    for (const stop of this.#watches) stop();
    await this.#parts.close();
  }
}
