import type { TaskEntry, TaskEntryKey } from '@mcp-tasks/store';
import type { Effects } from '@mcp-tasks/store/rules';

interface Waiter {
  resolve(): void;
  reject(error: unknown): void;
}

/** Effects that go into one write. */
export class EffectBatch {
  readonly #put = new Map<string, TaskEntry>();
  readonly #delete = new Map<string, TaskEntryKey>();
  readonly #waiters: Waiter[] = [];

  add(change: Pick<Effects, 'put' | 'delete'>, waiter: Waiter): void {
    for (const entry of change.put ?? []) {
      this.#delete.delete(entryId(entry));
      this.#put.set(entryId(entry), entry);
    }
    for (const key of change.delete ?? []) {
      this.#put.delete(entryId(key));
      this.#delete.set(entryId(key), key);
    }
    this.#waiters.push(waiter);
  }

  entries(): Pick<Effects, 'put' | 'delete'> {
    return { put: [...this.#put.values()], delete: [...this.#delete.values()] };
  }

  resolve(): void {
    for (const waiter of this.#waiters) waiter.resolve();
  }

  reject(error: unknown): void {
    for (const waiter of this.#waiters) waiter.reject(error);
  }
}

/** Names an entry within its task. */
export function entryId({ kind, name }: TaskEntryKey): string {
  return `${kind} ${name}`;
}
