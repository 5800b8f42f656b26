import type { MemoryRecord } from './memory-record.ts';
import { OrderedIndex } from './ordered-index.ts';

/** The due tasks of one owner, by time. */
interface OwnerDue {
  /** Orders owners by the bytes of their UTF-8. */
  readonly taskId: string;
  readonly tasks: OrderedIndex<MemoryRecord>;
}

const dueAtMs = (record: MemoryRecord): number => record.head.dueAtMs ?? Infinity;

/**
 * The tasks of one handler and queue that have a due time.
 *
 * Those that are due are also kept by owner, so that owners can take turns. A task gets there when a claim comes with a
 * later time than all before; a caller whose time is earlier finds tasks there that are not due yet.
 */
export class DueIndex {
  readonly #byTime = new OrderedIndex<MemoryRecord>(dueAtMs);
  readonly #owners = new OrderedIndex<OwnerDue>(() => 0);
  readonly #byOwner = new Map<string, OwnerDue>();
  /** All tasks that are due by this time are kept by owner. */
  #dueUntilMs = -Infinity;

  get size(): number {
    return this.#byTime.size;
  }

  add(record: MemoryRecord): void {
    this.#byTime.insert(record);
    if (dueAtMs(record) <= this.#dueUntilMs) this.#addToOwner(record);
  }

  remove(record: MemoryRecord): void {
    this.#byTime.delete(record);
    const { owner } = record.head;
    const due = this.#byOwner.get(owner);
    if (due === undefined) return;
    due.tasks.delete(record);
    if (due.tasks.size > 0) return;
    this.#owners.delete(due);
    this.#byOwner.delete(owner);
  }

  /** Iterate over all tasks, the longest due first, from a place on. */
  longestDue(from?: { readonly number: number; readonly taskId: string }): Iterable<MemoryRecord> {
    return this.#byTime.ascending(from);
  }

  first(): MemoryRecord | undefined {
    return this.#byTime.first();
  }

  /** Keep by owner what is due by this time. */
  moveTo(nowMs: number): void {
    if (nowMs <= this.#dueUntilMs) return;
    for (const record of this.#byTime.ascending({ number: this.#dueUntilMs, taskId: '' })) {
      if (dueAtMs(record) > nowMs) break;
      if (dueAtMs(record) > this.#dueUntilMs) this.#addToOwner(record);
    }
    this.#dueUntilMs = nowMs;
  }

  /** Find the first owner, by its key, after one; `undefined` = the first of all. */
  ownerAfter(key: string | undefined): string | undefined {
    const from = key === undefined ? undefined : { number: 0, taskId: `${key}\0` };
    for (const { taskId } of this.#owners.ascending(from)) return taskId;
    return undefined;
  }

  /** Iterate over the tasks of one owner that moved there, the longest due first. */
  ofOwner(owner: string): Iterable<MemoryRecord> {
    return this.#byOwner.get(owner)?.tasks.ascending() ?? [];
  }

  #addToOwner(record: MemoryRecord): void {
    const { owner } = record.head;
    let due = this.#byOwner.get(owner);
    if (due === undefined) {
      due = { taskId: ownerKey(owner), tasks: new OrderedIndex<MemoryRecord>(dueAtMs) };
      this.#byOwner.set(owner, due);
      this.#owners.insert(due);
    }
    due.tasks.insert(record);
  }
}

/** Make a text whose order is that of the owner's UTF-8 bytes. */
export function ownerKey(owner: string): string {
  return Buffer.from(owner).toString('latin1');
}

/** Read the owner from its key. */
export function ownerOfKey(key: string): string {
  return Buffer.from(key, 'latin1').toString();
}
