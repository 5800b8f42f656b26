import { isTerminalStatus } from '@mcp-tasks/wire';
import { applyHeadPatch, changedHead, type TaskEntryKind, type TaskHead, type TaskRecord } from '../port/record.ts';
import { TaskError } from '../port/task-error.ts';
import type {
  CreateTask,
  CreateTaskOutcome,
  ListTasks,
  TaskHint,
  TaskLease,
  TaskPage,
  TaskStore,
  UpdateTask,
  UpdateTaskOutcome,
} from '../port/task-store.ts';
import { LiveTasks } from './live-tasks.ts';
import { MemoryRecord } from './memory-record.ts';
import { OrderedIndex } from './ordered-index.ts';

/**
 * The store behind `memoryStore`.
 *
 * No method awaits anything before it is finished, so each is one step of the event loop: atomic without a lock. Every
 * method first moves the line between live and expired tasks to its `nowMs`. Each task crosses it once, however many
 * calls come: expired tasks cost nothing before the sweep removes them. The line also moves back, for a caller whose
 * clock is behind.
 */
export class MemoryTaskStore implements TaskStore {
  readonly #live = new LiveTasks();
  readonly #expired = new OrderedIndex<MemoryRecord>((record) => record.head.expiresAtMs);
  readonly #listeners = new Set<(hint: TaskHint) => void>();
  readonly #onVisit: () => void;
  #isClosed = false;

  /** @param onVisit - called for each record that a page looks at; for tests. */
  constructor(onVisit: () => void = () => undefined) {
    this.#onVisit = onVisit;
  }

  async create({ head, entries, idempotencyKey, limits, nowMs }: CreateTask): Promise<CreateTaskOutcome> {
    this.#moveTo(nowMs);
    const { taskId, owner } = head;
    const existing =
      this.#live.get(taskId) ??
      (idempotencyKey === undefined ? undefined : this.#live.byIdempotencyKey(owner, idempotencyKey));
    if (existing !== undefined) return { status: 'existing', head: existing.head };

    const { active, stored } = this.#live.counts(owner);
    if (active >= limits.maxActiveTasks) return { status: 'over-quota', limit: 'maxActiveTasks' };
    if (stored >= limits.maxStoredTasks) return { status: 'over-quota', limit: 'maxStoredTasks' };

    const record = new MemoryRecord(head, entries, idempotencyKey);
    this.#live.add(record);
    this.#hint(record.head);
    return { status: 'created', head: record.head };
  }

  async get(input: {
    readonly taskIds: readonly string[];
    readonly kinds: readonly TaskEntryKind[];
    readonly nowMs: number;
  }): Promise<readonly TaskRecord[]> {
    this.#moveTo(input.nowMs);
    const records: TaskRecord[] = [];
    for (const taskId of new Set(input.taskIds)) {
      const record = this.#live.get(taskId);
      if (record !== undefined) records.push({ head: record.head, entries: record.read(input.kinds) });
    }
    return records;
  }

  async update({ taskId, expectedVersion, patch, nowMs }: UpdateTask): Promise<UpdateTaskOutcome> {
    this.#moveTo(nowMs);
    const record = this.#live.get(taskId);
    if (record === undefined) return { status: 'not-found' };
    if (record.head.version !== expectedVersion) return { status: 'conflict', head: record.head };
    record.write(patch);
    this.#live.replaceHead(record, applyHeadPatch(record.head, patch.head));
    this.#hint(record.head);
    return { status: 'updated', head: record.head };
  }

  async list({ owner, after, limit, nowMs }: ListTasks): Promise<TaskPage> {
    this.#moveTo(nowMs);
    const heads: TaskHead[] = [];
    const below = after && { number: after.createdAtMs, taskId: after.taskId };
    for (const { head } of this.#live.newest(owner, below)) {
      this.#onVisit();
      if (heads.length === limit) return { heads, hasMore: true };
      heads.push(head);
    }
    return { heads, hasMore: false };
  }

  async due(input: {
    readonly handlers: readonly string[];
    readonly limit: number;
    readonly nowMs: number;
  }): Promise<readonly TaskHead[]> {
    this.#moveTo(input.nowMs);
    const heads = [...new Set(input.handlers)].flatMap((handler) => this.#dueOf(handler, input.limit, input.nowMs));
    return heads.sort(byDueTime).slice(0, input.limit);
  }

  async renew(input: {
    readonly leases: readonly TaskLease[];
    readonly dueAtMs: number;
    readonly nowMs: number;
  }): Promise<readonly TaskHead[]> {
    this.#moveTo(input.nowMs);
    const held: TaskHead[] = [];
    for (const { taskId, attempt, holder } of input.leases) {
      const record = this.#live.get(taskId);
      if (record?.head.attempt !== attempt || record.head.holder !== holder) continue;
      if (isTerminalStatus(record.head.status)) continue;
      this.#live.replaceHead(record, changedHead(record.head, { dueAtMs: input.dueAtMs }, record.head.version));
      held.push(record.head);
    }
    return held;
  }

  async deleteExpired({ nowMs, limit }: { readonly nowMs: number; readonly limit: number }): Promise<number> {
    this.#moveTo(nowMs);
    let deleted = 0;
    for (let record = this.#expired.first(); record && deleted < limit; record = this.#expired.first()) {
      this.#expired.delete(record);
      deleted += 1;
    }
    return deleted;
  }

  async watch(listener: (hint: TaskHint) => void): Promise<() => Promise<void>> {
    this.#refuseWhenClosed();
    const own = (hint: TaskHint) => {
      listener(hint);
    };
    this.#listeners.add(own);
    return async () => {
      this.#listeners.delete(own);
    };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#listeners.clear();
    this.#live.clear();
    for (let record = this.#expired.first(); record; record = this.#expired.first()) this.#expired.delete(record);
  }

  /** How many things the store holds, by index; for tests that look for what stays behind. */
  sizes(): Readonly<Record<string, number>> {
    return { ...this.#live.sizes(), expired: this.#expired.size, listeners: this.#listeners.size };
  }

  /** Make the live tasks those of this instant. */
  #moveTo(nowMs: number): void {
    this.#refuseWhenClosed();
    for (let record = this.#live.firstToExpire(); record; record = this.#live.firstToExpire()) {
      if (record.head.expiresAtMs > nowMs) break;
      this.#live.remove(record);
      this.#expired.insert(record);
    }
    for (let record = this.#expired.last(); record; record = this.#expired.last()) {
      if (record.head.expiresAtMs <= nowMs) break;
      this.#expired.delete(record);
      // Another task may have taken the id meanwhile: then this one stays gone.
      if (this.#live.get(record.taskId) === undefined) this.#live.add(record);
    }
  }

  #refuseWhenClosed(): void {
    if (this.#isClosed) throw new TaskError('STORE_CLOSED', 'The store is closed: make another one.');
  }

  #dueOf(handler: string, limit: number, nowMs: number): TaskHead[] {
    const heads: TaskHead[] = [];
    for (const { head } of this.#live.longestDue(handler)) {
      if (heads.length === limit || head.dueAtMs === null || head.dueAtMs > nowMs) break;
      heads.push(head);
    }
    return heads;
  }

  /** Send a hint to the watchers, never inside the write: a listener may call the store. */
  #hint({ taskId, version, status }: TaskHead): void {
    if (this.#listeners.size === 0) return;
    queueMicrotask(() => {
      for (const listener of this.#listeners) listener({ taskId, version, status });
    });
  }
}

function byDueTime(one: TaskHead, other: TaskHead): number {
  return (one.dueAtMs ?? 0) - (other.dueAtMs ?? 0) || (one.taskId < other.taskId ? -1 : 1);
}
