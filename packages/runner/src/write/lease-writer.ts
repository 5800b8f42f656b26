import { type TaskEntryKind, TaskError, type TaskHead, type TaskLease, type TaskRecord } from '@mcp-tasks/store';
import { applyRule, type Rule, type RuleOutcome, taskNotFound } from '@mcp-tasks/store/rules';
import type { TraceContext } from '../api/tool.ts';
import { announce, type TaskLayer } from '../core/task-layer.ts';
import { lostBecause, type RunEndReason } from '../handler/run-end.ts';

/** Between two tries to reach a store that failed. */
export const STORE_RETRY_MS = 1_000;

/** What {@link LeaseWriter} needs of its run. */
export interface LeaseWriterHost {
  readonly lease: TaskLease;
  readonly trace: TraceContext | undefined;
  /** Whether the run still wants this write: it goes on, or this is the write that ends it. */
  isWanted(): boolean;
  /** A head was written by this run. */
  written(head: TaskHead): void;
  /** The task is over, or not held by this run any more; answers with the error that ended the run. */
  lost(reason: RunEndReason, cause?: unknown): TaskError;
  after(delayMs: number, callback: () => void): void;
}

/** How a run reaches the store, and what it learns there of others. */
export class LeaseWriter {
  readonly #layer: TaskLayer;
  readonly #host: LeaseWriterHost;
  #leaseEndsAtMs: number;
  #foreignWrites = 0;
  #isWoken = false;
  /** Questions that somebody else closed. */
  #closed: Set<string> | undefined;

  constructor(layer: TaskLayer, leaseEndsAtMs: number, host: LeaseWriterHost) {
    this.#layer = layer;
    this.#leaseEndsAtMs = leaseEndsAtMs;
    this.#host = host;
  }

  /** Whether anybody else wrote since the run began. */
  get sawForeignWrites(): boolean {
    return this.#foreignWrites > 0;
  }

  /** Whether anybody else wrote something that was not only answers. */
  get isWoken(): boolean {
    return this.#isWoken;
  }

  /** The lease was renewed until this instant. */
  renewed(leaseEndsAtMs: number): void {
    this.#leaseEndsAtMs = leaseEndsAtMs;
  }

  /** Whether somebody else closed this question since the run began. */
  wasClosed(key: string): boolean {
    return this.#closed?.has(key) === true;
  }

  /** Write by a rule. A store that fails for less than the lease costs nothing but time. */
  write<Value>(head: TaskHead, rule: Rule<Value>): Promise<RuleOutcome<Value>> {
    return this.#persist(async () => {
      const outcome = await applyRule(this.#layer.store, this.#layer.clock, head, rule);
      // Before anybody else hears of it.
      this.#host.written(outcome.head);
      announce(this.#layer, outcome, this.#host.trace);
      this.noteForeign(head, outcome.before);
      return outcome;
    });
  }

  /** The record that a rule decides on: whatever others wrote until now is taken into account by it. */
  async readToDecide(known: TaskHead, kinds: readonly TaskEntryKind[]): Promise<TaskRecord> {
    const record = await this.#persist(async () => {
      const found = await this.read(kinds);
      if (found === undefined) throw taskNotFound();
      return found;
    });
    this.noteForeign(known, record.head);
    this.#foreignWrites = 0;
    this.#isWoken = false;
    return record;
  }

  /** Somebody else wrote between these two heads. */
  noteForeign(known: TaskHead, found: TaskHead): void {
    const writes = found.version - known.version;
    if (writes <= 0) return;
    this.#foreignWrites += writes;
    const closed = known.openQuestions.filter((key) => !found.openQuestions.includes(key));
    if (closed.length > 0) this.#closed = new Set([...(this.#closed ?? []), ...closed]);
    // One write may close several questions; a write more than that closed none.
    if (closed.length === 0 || writes > closed.length) this.#isWoken = true;
  }

  /** The task as it is now. */
  async read(kinds: readonly TaskEntryKind[]): Promise<TaskRecord | undefined> {
    const { store, clock } = this.#layer;
    const [record] = await store.get({ taskIds: [this.#host.lease.taskId], kinds, nowMs: clock.nowMs() });
    return record;
  }

  async #persist<Answer>(work: () => Promise<Answer>): Promise<Answer> {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (TaskError.is(error, 'QUESTION_LIMIT')) throw error;
        if (!this.#mayRetry(error)) throw await this.#lost(error);
      }
      await new Promise<void>((resolve) => {
        this.#host.after(STORE_RETRY_MS, resolve);
      });
    }
  }

  #mayRetry(error: unknown): boolean {
    const isPassing = TaskError.is(error) && error.retryable;
    return isPassing && this.#host.isWanted() && this.#layer.clock.nowMs() < this.#leaseEndsAtMs;
  }

  /** A write failed for good: find out why, and end the run. */
  async #lost(error: unknown): Promise<TaskError> {
    if (TaskError.is(error, 'RUN_ENDED') || TaskError.is(error, 'TASK_NOT_FOUND')) {
      return this.#host.lost(await this.#whyLost(error));
    }
    this.#layer.reportError(error);
    return this.#host.lost(TaskError.is(error) && error.retryable ? 'lease-lost' : 'store-failed', error);
  }

  async #whyLost(error: TaskError): Promise<RunEndReason> {
    if (error.code === 'TASK_NOT_FOUND') return 'expired';
    try {
      const record = await this.read([]);
      return lostBecause(this.#host.lease, record?.head) ?? 'lease-lost';
    } catch {
      // The store has said that the lease is gone; why, it cannot say now.
      return 'lease-lost';
    }
  }
}
