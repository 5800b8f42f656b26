import type { TaskEntry, TaskEntryKind, TaskHead, TaskPatch } from '../record.ts';

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
    this.#head = frozen(head);
    this.write({ put: entries });
  }

  get head(): TaskHead {
    return this.#head;
  }

  set head(head: TaskHead) {
    this.#head = frozen(head);
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
    for (const kind of new Set(kinds)) {
      for (const [name, value] of this.#entries.get(kind) ?? []) entries.push({ kind, name, value });
    }
    return entries;
  }
}

/** A frozen copy, down to what the caller may still hold. */
function frozen(head: TaskHead): TaskHead {
  const { openQuestions, progress } = head;
  return Object.freeze({
    ...head,
    openQuestions: openQuestions.length === 0 ? NO_QUESTIONS : Object.freeze([...openQuestions]),
    ...(progress && { progress: Object.freeze({ ...progress }) }),
  });
}
