import { isTerminalStatus } from '@mcp-tasks/wire';
import { hintOf } from '../port/hint.ts';
import { applyHeadPatch, changedHead, type TaskEntryKind, type TaskHead, type TaskRecord } from '../port/record.ts';
import { TaskError } from '../port/task-error.ts';
import {
  type ClaimOutcome,
  type ClaimTasks,
  type CreateTask,
  type CreateTaskOutcome,
  type DueTasks,
  type ListTasks,
  type OwnerLimits,
  PORT_VERSION,
  type TaskHint,
  type TaskLease,
  type TaskPage,
  type TaskStore,
  type UpdateTask,
  type UpdateTaskOutcome,
} from '../port/task-store.ts';
import { claimPatch } from '../rules/claim.ts';
import type { DueIndex } from './due-index.ts';
import { ExpiredTasks } from './expired-tasks.ts';
import { LiveTasks } from './live-tasks.ts';
import { MemoryRecord, sumOfBytes } from './memory-record.ts';
import { OwnerSums } from './owner-sums.ts';
import { isLongerDue, type Picked, Picker, pickInTurn } from './pick-due.ts';
import { RecentClaims } from './recent-claims.ts';

/** Largest number of expired tasks that a create removes. */
const REMOVED_BY_CREATE = 100;

/**
 * The store behind `memoryStore`.
 *
 * No method awaits anything before it is finished, so each is one step of the event loop: atomic without a lock. Every
 * method first moves the line between live and expired tasks to its `nowMs`. Each task crosses it once, however many
 * calls come: expired tasks cost nothing before the sweep removes them. The line also moves back, for a caller whose
 * clock is behind.
 */
export class MemoryTaskStore implements TaskStore {
  readonly portVersion = PORT_VERSION;
  readonly #live = new LiveTasks();
  readonly #expired = new ExpiredTasks();
  readonly #claims = new RecentClaims();
  readonly #sums = new OwnerSums();
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

    if (this.#live.activeCount(owner) >= limits.maxActiveTasks) {
      return { status: 'over-quota', limit: 'maxActiveTasks', retryable: false };
    }
    const limit = this.#makeRoom(owner, sumOfBytes(entries), limits);
    if (limit !== undefined) {
      return { status: 'over-quota', limit, retryable: this.#expired.firstOf(owner) !== undefined };
    }

    const record = new MemoryRecord(head, entries, idempotencyKey);
    this.#live.add(record);
    this.#sums.add(owner, 1, record.head.entryBytes);
    this.#hint(record.head);
    return { status: 'created', head: record.head };
  }

  async get(input: {
    readonly taskIds: readonly string[];
    readonly owner?: string | undefined;
    readonly kinds: readonly TaskEntryKind[];
    readonly nowMs: number;
  }): Promise<readonly TaskRecord[]> {
    this.#moveTo(input.nowMs);
    const { taskIds, owner, kinds } = input;
    const records: TaskRecord[] = [];
    for (const taskId of new Set(taskIds)) {
      const record = this.#live.get(taskId);
      if (record === undefined || (owner !== undefined && record.head.owner !== owner)) continue;
      records.push({ head: record.head, entries: record.read(kinds) });
    }
    return records;
  }

  async update({
    taskId,
    expected,
    writeId,
    patch,
    maxStoredBytes = Infinity,
    nowMs,
  }: UpdateTask): Promise<UpdateTaskOutcome> {
    this.#moveTo(nowMs);
    const record = this.#live.get(taskId);
    if (record === undefined) return { status: 'not-found' };
    const { head } = record;
    if (head.writeId === writeId) return { status: 'updated', head };
    if (head.version !== expected.version || head.writeId !== expected.writeId) return { status: 'conflict', head };
    const growthBytes = record.growthBytes(patch);
    if (growthBytes > 0 && this.#sums.of(head.owner).bytes + growthBytes > maxStoredBytes) {
      return { status: 'over-quota', head };
    }
    record.write(patch);
    if (growthBytes !== 0) this.#sums.add(head.owner, 0, growthBytes);
    const next = applyHeadPatch(head, patch.head, { writeId, entryBytes: head.entryBytes + growthBytes });
    this.#live.replaceHead(record, next);
    this.#hint(record.head);
    return { status: 'updated', head: record.head };
  }

  async findJoinable(input: {
    readonly owner: string;
    readonly joinKey: string;
    readonly nowMs: number;
  }): Promise<TaskHead | undefined> {
    this.#moveTo(input.nowMs);
    return this.#live.newestJoinable(input.owner, input.joinKey)?.head;
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

  async due({ handlers, queues, after, limit, nowMs }: DueTasks): Promise<readonly TaskHead[]> {
    this.#moveTo(nowMs);
    // No task id has a character before NUL: the place right behind the last task of the page before.
    const from = after && { number: after.dueAtMs, taskId: `${after.taskId}\0` };
    const records: MemoryRecord[] = [];
    for (const group of this.#live.dueGroups(handlers, queues)) {
      let count = 0;
      for (const record of group.longestDue(from)) {
        if (count === limit || (record.head.dueAtMs ?? Infinity) > nowMs) break;
        records.push(record);
        count += 1;
      }
    }
    const inOrder = records.sort((one, other) => (isLongerDue(one, other) ? -1 : 1));
    return inOrder.slice(0, limit).map(({ head }) => head);
  }

  async claim(claim: ClaimTasks): Promise<ClaimOutcome> {
    this.#moveTo(claim.nowMs);
    this.#claims.forget(claim.nowMs);
    const { records, lastOwner } = this.#claimedBefore(claim) ?? this.#claimPicked(claim);
    const nextDueAtMs = this.#nextDueAtMs(claim);
    return {
      records: records.map((record) => ({ head: record.head, entries: record.read(claim.kinds) })),
      ...(lastOwner !== undefined && { lastOwner }),
      nextDueAtMs: nextDueAtMs === Infinity ? null : nextDueAtMs,
    };
  }

  async renew(input: {
    readonly leases: readonly TaskLease[];
    readonly leaseMs: number;
    readonly nowMs: number;
  }): Promise<readonly TaskHead[]> {
    this.#moveTo(input.nowMs);
    const held: TaskHead[] = [];
    for (const { taskId, attempt, holder } of input.leases) {
      const record = this.#live.get(taskId);
      if (record?.head.attempt !== attempt || record.head.holder !== holder) continue;
      if (isTerminalStatus(record.head.status)) continue;
      this.#live.replaceHead(record, changedHead(record.head, { dueAtMs: input.nowMs + input.leaseMs }));
      held.push(record.head);
    }
    return held;
  }

  async deleteExpired(input: { readonly nowMs: number; readonly limit: number }): Promise<readonly TaskHead[]> {
    this.#moveTo(input.nowMs);
    this.#claims.forget(input.nowMs);
    const removed: TaskHead[] = [];
    for (let record = this.#expired.first(); record && removed.length < input.limit; record = this.#expired.first()) {
      this.#removeExpired(record);
      removed.push(record.head);
    }
    return removed;
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
    this.#expired.clear();
    this.#claims.clear();
    this.#sums.clear();
  }

  /** How many things the store holds, by index; for tests that look for what stays behind. */
  sizes(): Readonly<Record<string, number>> {
    return {
      ...this.#live.sizes(),
      expired: this.#expired.size,
      claims: this.#claims.size,
      sums: this.#sums.size,
      listeners: this.#listeners.size,
    };
  }

  /** Make the live tasks those of this instant. */
  #moveTo(nowMs: number): void {
    this.#refuseWhenClosed();
    for (let record = this.#live.firstToExpire(); record; record = this.#live.firstToExpire()) {
      if (record.head.expiresAtMs > nowMs) break;
      this.#live.remove(record);
      this.#expired.add(record);
    }
    for (let record = this.#expired.last(); record; record = this.#expired.last()) {
      if (record.head.expiresAtMs <= nowMs) break;
      this.#expired.remove(record);
      // Another task may have taken the id meanwhile: then this one is gone for good.
      if (this.#live.get(record.taskId) === undefined) this.#live.add(record);
      else this.#forget(record);
    }
  }

  #refuseWhenClosed(): void {
    if (this.#isClosed) throw new TaskError('STORE_CLOSED', 'The store is closed: make another one.');
  }

  /** Remove expired tasks of an owner that stand in the way. @returns the limit that is reached all the same. */
  #makeRoom(owner: string, bytes: number, limits: OwnerLimits): keyof OwnerLimits | undefined {
    const reached = (): keyof OwnerLimits | undefined => {
      const sum = this.#sums.of(owner);
      if (sum.tasks >= limits.maxStoredTasks) return 'maxStoredTasks';
      return sum.bytes + bytes > limits.maxStoredBytes ? 'maxStoredBytes' : undefined;
    };
    if (reached() === undefined) return undefined;
    for (let removed = 0; removed < REMOVED_BY_CREATE; removed += 1) {
      const record = this.#expired.firstOf(owner);
      if (record === undefined) break;
      this.#removeExpired(record);
    }
    return reached();
  }

  #removeExpired(record: MemoryRecord): void {
    this.#expired.remove(record);
    this.#forget(record);
  }

  /** Take a record that is in no index out of the sums. */
  #forget(record: MemoryRecord): void {
    this.#sums.add(record.head.owner, -1, -record.head.entryBytes);
  }

  /** The tasks of a claim that is sent again, as far as no other call has written them. */
  #claimedBefore({ writeId }: ClaimTasks): Picked | undefined {
    const records = this.#claims.of(writeId);
    const isUnwritten = (record: MemoryRecord) =>
      record.head.writeId === writeId && this.#live.get(record.taskId) === record;
    return records && { records: records.filter(isUnwritten) };
  }

  #claimPicked(claim: ClaimTasks): Picked {
    const picked =
      claim.taskIds === undefined ? pickInTurn(this.#groupsOf(claim), claim) : this.#pickOf(claim.taskIds, claim);
    for (const record of picked.records) {
      const { head } = record;
      this.#live.replaceHead(record, applyHeadPatch(head, claimPatch(head, claim), claim));
      this.#hint(record.head);
    }
    this.#claims.add(claim.writeId, picked.records, claim.nowMs + claim.leaseMs);
    return picked;
  }

  #groupsOf({ handlers, queues, takesLostRuns }: ClaimTasks): readonly DueIndex[] {
    const names = handlers.map(({ name }) => name);
    return takesLostRuns ? this.#live.dueGroups(names, queues) : this.#live.unheldGroups(names, queues);
  }

  #nextDueAtMs(claim: ClaimTasks): number {
    const groups = this.#groupsOf({ ...claim, takesLostRuns: true });
    return Math.min(Infinity, ...groups.map((group) => group.first()?.head.dueAtMs ?? Infinity));
  }

  #pickOf(taskIds: readonly string[], claim: ClaimTasks): Picked {
    const picker = new Picker(claim);
    for (const taskId of new Set(taskIds)) {
      const record = this.#live.get(taskId);
      if (record !== undefined && !isTerminalStatus(record.head.status)) picker.pick(record);
    }
    return { records: picker.picked };
  }

  /** Send a hint to the watchers, never inside the write: a listener may call the store. */
  #hint(head: TaskHead): void {
    if (this.#listeners.size === 0) return;
    queueMicrotask(() => {
      for (const listener of this.#listeners) listener(hintOf(head));
    });
  }
}
