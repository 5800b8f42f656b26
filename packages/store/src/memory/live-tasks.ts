import { isTerminalStatus } from '@mcp-tasks/wire';
import type { TaskHead } from '../port/record.ts';
import type { DueTasks } from '../port/task-store.ts';
import { DueGroups } from './due-groups.ts';
import type { DueIndex } from './due-index.ts';
import type { MemoryRecord } from './memory-record.ts';
import { OrderedIndex } from './ordered-index.ts';

/** The live tasks of one owner. */
interface OwnerTasks {
  readonly byAge: OrderedIndex<MemoryRecord>;
  readonly byIdempotencyKey: Map<string, MemoryRecord>;
  /** The tasks that an equal call can join, by join key and age. */
  readonly joinable: Map<string, OrderedIndex<MemoryRecord>>;
  activeTasks: number;
}

const isActive = (head: TaskHead) => !isTerminalStatus(head.status);
const isJoinable = (head: TaskHead) => head.joinKey !== undefined && head.joinState !== undefined;

/** The tasks that are not expired, under every index; owners and handlers without any leave nothing behind. */
export class LiveTasks {
  readonly #byId = new Map<string, MemoryRecord>();
  readonly #byOwner = new Map<string, OwnerTasks>();
  /** Tasks that have a due time and no holder. */
  readonly #unheld = new DueGroups();
  /** Tasks that have a due time and a holder: their due time is the end of the lease. */
  readonly #held = new DueGroups();
  readonly #byExpiry = new OrderedIndex<MemoryRecord>((record) => record.head.expiresAtMs);

  get(taskId: string): MemoryRecord | undefined {
    return this.#byId.get(taskId);
  }

  firstToExpire(): MemoryRecord | undefined {
    return this.#byExpiry.first();
  }

  byIdempotencyKey(owner: string, key: string): MemoryRecord | undefined {
    return this.#byOwner.get(owner)?.byIdempotencyKey.get(key);
  }

  activeCount(owner: string): number {
    return this.#byOwner.get(owner)?.activeTasks ?? 0;
  }

  /** The newest task of an owner that calls with this key can join. */
  newestJoinable(owner: string, joinKey: string): MemoryRecord | undefined {
    return this.#byOwner.get(owner)?.joinable.get(joinKey)?.last();
  }

  /** An owner's tasks, newest first, below a place. */
  newest(owner: string, below?: { readonly number: number; readonly taskId: string }): Iterable<MemoryRecord> {
    return this.#byOwner.get(owner)?.byAge.descending(below) ?? [];
  }

  /** The tasks that have a due time, of these handlers and queues, in groups. */
  dueGroups(handlers: DueTasks['handlers'], queues: readonly string[]): readonly DueIndex[] {
    return [...this.#unheld.of(handlers, queues), ...this.#held.of(handlers, queues)];
  }

  /** Those of `dueGroups` that hold no lost runs. */
  unheldGroups(handlers: readonly string[], queues: readonly string[]): readonly DueIndex[] {
    return this.#unheld.of(handlers, queues);
  }

  add(record: MemoryRecord): void {
    const { head, taskId, idempotencyKey } = record;
    this.#byId.set(taskId, record);
    this.#byExpiry.insert(record);
    const owned = this.#ownerTasks(head.owner);
    owned.byAge.insert(record);
    if (isActive(head)) owned.activeTasks += 1;
    if (idempotencyKey !== undefined && !owned.byIdempotencyKey.has(idempotencyKey)) {
      owned.byIdempotencyKey.set(idempotencyKey, record);
    }
    if (isJoinable(head)) addJoinable(owned, record);
    this.#dueGroupsOf(head)?.add(record);
  }

  remove(record: MemoryRecord): void {
    const { head, taskId, idempotencyKey } = record;
    this.#byId.delete(taskId);
    this.#byExpiry.delete(record);
    this.#dueGroupsOf(head)?.remove(record);
    const owned = this.#ownerTasks(head.owner);
    owned.byAge.delete(record);
    if (isActive(head)) owned.activeTasks -= 1;
    if (idempotencyKey !== undefined && owned.byIdempotencyKey.get(idempotencyKey) === record) {
      owned.byIdempotencyKey.delete(idempotencyKey);
    }
    if (isJoinable(head)) removeJoinable(owned, record);
    if (owned.byAge.size === 0) this.#byOwner.delete(head.owner);
  }

  /** Give a live task its next head. */
  replaceHead(record: MemoryRecord, head: TaskHead): void {
    const before = record.head;
    const hasMoved = before.expiresAtMs !== head.expiresAtMs;
    const wasActive = isActive(before);
    const [dueBefore, due] = [this.#dueGroupsOf(before), this.#dueGroupsOf(head)];
    const isDueAsBefore = dueBefore === due && before.dueAtMs === head.dueAtMs;
    if (hasMoved) this.#byExpiry.delete(record);
    if (!isDueAsBefore) dueBefore?.remove(record);
    if (isJoinable(before) && !isJoinable(head)) removeJoinable(this.#ownerTasks(head.owner), record);
    record.head = head;
    if (!isJoinable(before) && isJoinable(head)) addJoinable(this.#ownerTasks(head.owner), record);
    if (hasMoved) this.#byExpiry.insert(record);
    if (!isDueAsBefore) due?.add(record);
    if (wasActive !== isActive(head)) this.#ownerTasks(head.owner).activeTasks += wasActive ? -1 : 1;
  }

  clear(): void {
    for (const record of [...this.#byId.values()]) this.remove(record);
  }

  /** How many things each index holds; for tests that look for what stays behind. */
  sizes(): Readonly<Record<'tasks' | 'expiry' | 'owners' | 'dueQueues', number>> {
    return {
      tasks: this.#byId.size,
      expiry: this.#byExpiry.size,
      owners: this.#byOwner.size,
      dueQueues: this.#unheld.size + this.#held.size,
    };
  }

  #ownerTasks(owner: string): OwnerTasks {
    let tasks = this.#byOwner.get(owner);
    if (tasks === undefined) {
      tasks = {
        byAge: new OrderedIndex<MemoryRecord>((record) => record.head.createdAtMs),
        byIdempotencyKey: new Map(),
        joinable: new Map(),
        activeTasks: 0,
      };
      this.#byOwner.set(owner, tasks);
    }
    return tasks;
  }

  /** The groups that a head belongs to; none for tasks that are never due. */
  #dueGroupsOf(head: TaskHead): DueGroups | undefined {
    if (!isActive(head) || head.dueAtMs === null) return undefined;
    return head.holder === undefined ? this.#unheld : this.#held;
  }
}

function addJoinable({ joinable }: OwnerTasks, record: MemoryRecord): void {
  const { joinKey = '' } = record.head;
  const tasks = joinable.get(joinKey) ?? new OrderedIndex<MemoryRecord>(({ head }) => head.createdAtMs);
  joinable.set(joinKey, tasks);
  tasks.insert(record);
}

function removeJoinable({ joinable }: OwnerTasks, record: MemoryRecord): void {
  const { joinKey = '' } = record.head;
  const tasks = joinable.get(joinKey);
  tasks?.delete(record);
  if (tasks?.size === 0) joinable.delete(joinKey);
}
