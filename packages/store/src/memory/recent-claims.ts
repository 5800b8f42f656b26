import type { MemoryRecord } from './memory-record.ts';

/** The tasks of one claim. */
interface RecentClaim {
  readonly records: readonly MemoryRecord[];
  readonly untilMs: number;
}

/** The claims whose leases may last: one that is sent again is answered from here. */
export class RecentClaims {
  /** By write id; the oldest first. */
  readonly #claims = new Map<string, RecentClaim>();

  get size(): number {
    return this.#claims.size;
  }

  add(writeId: string, records: readonly MemoryRecord[], untilMs: number): void {
    if (records.length > 0) this.#claims.set(writeId, { records, untilMs });
  }

  /** Find the tasks of a claim; undefined when it claimed none, or its leases have ended. */
  of(writeId: string): readonly MemoryRecord[] | undefined {
    return this.#claims.get(writeId)?.records;
  }

  /** Forget claims whose leases have ended. */
  forget(nowMs: number): void {
    for (const [writeId, { untilMs }] of this.#claims) {
      if (untilMs > nowMs) return;
      this.#claims.delete(writeId);
    }
  }

  clear(): void {
    this.#claims.clear();
  }
}
