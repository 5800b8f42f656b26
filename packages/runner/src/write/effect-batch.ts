import type { TaskEntry, TaskEntryKey } from '@mcp-tasks/store';
import { handled } from '../handler/handled.ts';
import type { EntryChange } from '../handler/handler-host.ts';

/** Effects that go into one write. */
export class EffectBatch {
  readonly #put = new Map<string, TaskEntry>();
  readonly #delete = new Map<string, TaskEntryKey>();
  /** Settles with the write that carries the batch. */
  readonly stored: Promise<void>;
  resolve!: () => void;
  reject!: (error: unknown) => void;

  constructor() {
    this.stored = handled(
      new Promise((resolve, reject) => {
        this.resolve = resolve;
        this.reject = reject;
      }),
    );
  }

  add(change: EntryChange): void {
    for (const entry of change.put ?? []) {
      this.#delete.delete(entryId(entry));
      this.#put.set(entryId(entry), entry);
    }
    for (const key of change.delete ?? []) {
      this.#put.delete(entryId(key));
      this.#delete.set(entryId(key), key);
    }
  }

  entries(): EntryChange {
    return { put: [...this.#put.values()], delete: [...this.#delete.values()] };
  }
}

/** Names an entry within its task. */
export function entryId({ kind, name }: TaskEntryKey): string {
  return `${kind} ${name}`;
}
