/** Sums over the tasks of one owner. */
interface OwnerSum {
  tasks: number;
  bytes: number;
}

const NOTHING: Readonly<OwnerSum> = { tasks: 0, bytes: 0 };

/** How many tasks each owner has stored, expired ones included, and how many bytes of entries. */
export class OwnerSums {
  readonly #byOwner = new Map<string, OwnerSum>();

  /** Number of owners with a task. */
  get size(): number {
    return this.#byOwner.size;
  }

  of(owner: string): Readonly<OwnerSum> {
    return this.#byOwner.get(owner) ?? NOTHING;
  }

  add(owner: string, tasks: number, bytes: number): void {
    const sum = this.#byOwner.get(owner);
    if (sum === undefined) {
      this.#byOwner.set(owner, { tasks, bytes });
      return;
    }
    sum.tasks += tasks;
    sum.bytes += bytes;
    if (sum.tasks === 0) this.#byOwner.delete(owner);
  }

  clear(): void {
    this.#byOwner.clear();
  }
}
