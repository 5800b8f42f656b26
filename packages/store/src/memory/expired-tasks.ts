import type { MemoryRecord } from './memory-record.ts';
import { OrderedIndex } from './ordered-index.ts';

const expiresAtMs = (record: MemoryRecord): number => record.head.expiresAtMs;

/** The tasks that are expired and not removed. */
export class ExpiredTasks {
  readonly #all = new OrderedIndex<MemoryRecord>(expiresAtMs);
  readonly #byOwner = new Map<string, OrderedIndex<MemoryRecord>>();

  get size(): number {
    return this.#all.size;
  }

  /** The task that expired first. */
  first(): MemoryRecord | undefined {
    return this.#all.first();
  }

  /** The task that expired last. */
  last(): MemoryRecord | undefined {
    return this.#all.last();
  }

  firstOf(owner: string): MemoryRecord | undefined {
    return this.#byOwner.get(owner)?.first();
  }

  add(record: MemoryRecord): void {
    this.#all.insert(record);
    const { owner } = record.head;
    const owned = this.#byOwner.get(owner) ?? new OrderedIndex<MemoryRecord>(expiresAtMs);
    this.#byOwner.set(owner, owned);
    owned.insert(record);
  }

  remove(record: MemoryRecord): void {
    this.#all.delete(record);
    const { owner } = record.head;
    const owned = this.#byOwner.get(owner);
    owned?.delete(record);
    if (owned?.size === 0) this.#byOwner.delete(owner);
  }

  clear(): void {
    for (let record = this.first(); record; record = this.first()) this.remove(record);
  }
}
