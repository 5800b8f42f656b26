import { isTerminalStatus } from '@mcp-tasks/wire';
import type { TaskHead } from '../port/record.ts';
import type { MemoryRecord } from './memory-record.ts';
import { OrderedIndex } from './ordered-index.ts';

/** The live tasks of one owner. */
interface OwnerTasks {
  readonly byAge: OrderedIndex<MemoryRecord>;
  readonly byIdempotencyKey: Map<string, MemoryRecord>;
  activeTasks: number;
}

const isActive = (head: TaskHead) => !isTerminalStatus(head.status);
const isDueEver = (head: TaskHead) => isActive(head) && head.dueAtMs !== null;

/** The tasks that are not expired, under every index; owners and handlers without any leave nothing behind. */
export class LiveTasks {
  readonly #byId = new Map<string, MemoryRecord>();
  readonly #byOwner = new Map<string, OwnerTasks>();
  readonly #dueByHandler = new Map<string, OrderedIndex<MemoryRecord>>();
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

  counts(owner: string): { readonly active: number; readonly stored: number } {
    const tasks = this.#byOwner.get(owner);
    return { active: tasks?.activeTasks ?? 0, stored: tasks?.byAge.size ?? 0 };
  }

  /** An owner's tasks, newest first, below a place. */
  newest(owner: string, below?: { readonly number: number; readonly taskId: string }): Iterable<MemoryRecord> {
    return this.#byOwner.get(owner)?.byAge.descending(below) ?? [];
  }

  /** A handler's tasks that have a due time, the longest due first. */
  longestDue(handler: string): Iterable<MemoryRecord> {
    return this.#dueByHandler.get(handler)?.ascending() ?? [];
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
    this.#addDue(record);
  }

  remove(record: MemoryRecord): void {
    const { head, taskId, idempotencyKey } = record;
    this.#byId.delete(taskId);
    this.#byExpiry.delete(record);
    this.#removeDue(record);
    const owned = this.#ownerTasks(head.owner);
    owned.byAge.delete(record);
    if (isActive(head)) owned.activeTasks -= 1;
    if (idempotencyKey !== undefined && owned.byIdempotencyKey.get(idempotencyKey) === record) {
      owned.byIdempotencyKey.delete(idempotencyKey);
    }
    if (owned.byAge.size === 0) this.#byOwner.delete(head.owner);
  }

  /** Give a live task its next head. */
  replaceHead(record: MemoryRecord, head: TaskHead): void {
    const before = record.head;
    const hasMoved = before.expiresAtMs !== head.expiresAtMs;
    const wasActive = isActive(before);
    const isDueAsBefore = before.dueAtMs === head.dueAtMs && wasActive === isActive(head);
    if (hasMoved) this.#byExpiry.delete(record);
    if (!isDueAsBefore) this.#removeDue(record);
    record.head = head;
    if (hasMoved) this.#byExpiry.insert(record);
    if (!isDueAsBefore) this.#addDue(record);
    if (wasActive !== isActive(head)) this.#ownerTasks(head.owner).activeTasks += wasActive ? -1 : 1;
  }

  clear(): void {
    for (const record of [...this.#byId.values()]) this.remove(record);
  }

  /** How many things each index holds; for tests that look for what stays behind. */
  sizes(): Readonly<Record<'tasks' | 'expiry' | 'owners' | 'dueHandlers', number>> {
    return {
      tasks: this.#byId.size,
      expiry: this.#byExpiry.size,
      owners: this.#byOwner.size,
      dueHandlers: this.#dueByHandler.size,
    };
  }

  #ownerTasks(owner: string): OwnerTasks {
    let tasks = this.#byOwner.get(owner);
    if (tasks === undefined) {
      tasks = {
        byAge: new OrderedIndex<MemoryRecord>((record) => record.head.createdAtMs),
        byIdempotencyKey: new Map(),
        activeTasks: 0,
      };
      this.#byOwner.set(owner, tasks);
    }
    return tasks;
  }

  #addDue(record: MemoryRecord): void {
    if (!isDueEver(record.head)) return;
    const { handler } = record.head;
    let index = this.#dueByHandler.get(handler);
    if (index === undefined) {
      index = new OrderedIndex<MemoryRecord>((item) => item.head.dueAtMs ?? Infinity);
      this.#dueByHandler.set(handler, index);
    }
    index.insert(record);
  }

  #removeDue(record: MemoryRecord): void {
    if (!isDueEver(record.head)) return;
    const { handler } = record.head;
    const index = this.#dueByHandler.get(handler);
    index?.delete(record);
    if (index?.size === 0) this.#dueByHandler.delete(handler);
  }
}
