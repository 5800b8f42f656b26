import {
  changedHead,
  entryBytes,
  type Mutable,
  type TaskEntry,
  type TaskEntryKey,
  type TaskEntryKind,
  type TaskHead,
  type TaskPatch,
} from '../port/record.ts';

const NO_QUESTIONS: readonly string[] = Object.freeze([]);

/** One task as the memory store keeps it. Its head is frozen, so that it can be handed out as it is. */
export class MemoryRecord {
  readonly taskId: string;
  readonly idempotencyKey: string | undefined;
  #head: TaskHead;
  readonly #entries = new Map<TaskEntryKind, Map<string, string>>();

  constructor(head: TaskHead, entries: readonly TaskEntry[], idempotencyKey: string | undefined) {
    this.taskId = head.taskId;
    this.idempotencyKey = idempotencyKey;
    const { version, writeId } = head;
    this.#head = frozen(changedHead(head, {}, { version, writeId, entryBytes: sumOfBytes(entries) }));
    this.write({ put: entries });
  }

  get head(): TaskHead {
    return this.#head;
  }

  /** The head must be an object that only this record may change. */
  set head(head: TaskHead) {
    this.#head = frozen(head);
  }

  /** Count the bytes by which a patch makes the entries grow. */
  growthBytes({ put = [], delete: deleted = [] }: Pick<TaskPatch, 'put' | 'delete'>): number {
    let bytes = 0;
    for (const entry of put) bytes += entryBytes(entry) - this.#bytesOf(entry);
    for (const key of deleted) bytes -= this.#bytesOf(key);
    return bytes;
  }

  /** Delete and put entries. */
  write(patch: Pick<TaskPatch, 'put' | 'delete'>): void {
    for (const { kind, name } of patch.delete ?? []) this.#entries.get(kind)?.delete(name);
    for (const { kind, name, value } of patch.put ?? []) {
      const named = this.#entries.get(kind);
      if (named === undefined) this.#entries.set(kind, new Map([[name, value]]));
      else named.set(name, value);
    }
  }

  read(kinds: readonly TaskEntryKind[]): readonly TaskEntry[] {
    const entries: TaskEntry[] = [];
    for (const [kind, named] of this.#entries) {
      if (!kinds.includes(kind)) continue;
      for (const [name, value] of named) entries.push({ kind, name, value });
    }
    return entries;
  }

  #bytesOf({ kind, name }: TaskEntryKey): number {
    const value = this.#entries.get(kind)?.get(name);
    return value === undefined ? 0 : entryBytes({ name, value });
  }
}

/** Count the bytes of entries. */
export function sumOfBytes(entries: readonly TaskEntry[]): number {
  let bytes = 0;
  for (const entry of entries) bytes += entryBytes(entry);
  return bytes;
}

/** Freeze this package's own head, with copies of the objects that its writer may still hold. */
function frozen(head: Mutable<TaskHead>): TaskHead {
  const { openQuestions, progress } = head;
  if (openQuestions.length === 0) head.openQuestions = NO_QUESTIONS;
  else if (!Object.isFrozen(openQuestions)) head.openQuestions = Object.freeze([...openQuestions]);
  if (progress !== undefined && !Object.isFrozen(progress)) head.progress = Object.freeze({ ...progress });
  return Object.freeze(head);
}
