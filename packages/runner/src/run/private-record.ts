import { applyHeadPatch, type TaskEntry, type TaskHead, type TaskLease, type TaskRecord } from '@mcp-tasks/store';
import type { Effects, RecordRule } from '@mcp-tasks/store/rules';
import { entryId } from '../write/effect-batch.ts';

/** The record of an inline run that wants one: in memory, for this run alone. */
export class PrivateRecord {
  #head: TaskHead;
  readonly #entries = new Map<string, TaskEntry>();

  constructor(head: TaskHead, entries: readonly TaskEntry[]) {
    this.#head = head;
    this.change({ put: entries });
  }

  get record(): TaskRecord {
    return { head: this.#head, entries: [...this.#entries.values()] };
  }

  change({ put = [], delete: deleted = [] }: Pick<Effects, 'put' | 'delete'>): void {
    for (const key of deleted) this.#entries.delete(entryId(key));
    for (const entry of put) this.#entries.set(entryId(entry), entry);
  }

  /** @throws what the rule throws or refuses with */
  amend<Value>(rule: RecordRule<Value>, nowMs: number): Value {
    const verdict = rule(this.record, nowMs);
    if (verdict.kind === 'refused') throw verdict.error;
    if (verdict.kind === 'write') {
      this.#head = applyHeadPatch(this.#head, verdict.patch.head, this.#head);
      this.change(verdict.patch);
    }
    return verdict.value;
  }
}

/** The head of a task that is in no store. */
export function privateHead(lease: TaskLease, { owner, handler }: Pick<TaskHead, 'owner' | 'handler'>): TaskHead {
  const { taskId, attempt, holder } = lease;
  return {
    taskId,
    owner,
    version: 1,
    writeId: '',
    status: 'working',
    createdAtMs: 0,
    lastUpdatedAtMs: 0,
    // It lasts as long as its run.
    ttlMs: Number.MAX_SAFE_INTEGER,
    expiresAtMs: Number.MAX_SAFE_INTEGER,
    pollIntervalMs: 1,
    handler,
    queue: '',
    callDigest: '',
    attempt,
    crashCount: 0,
    holder,
    dueAtMs: Number.MAX_SAFE_INTEGER,
    openQuestions: [],
    entryBytes: 0,
  };
}
