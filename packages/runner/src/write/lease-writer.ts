/**
 * Fencing: the one place that writes for a run. Each write is a rule under compare-and-set that holds only while
 * attempt and holder are this run's. The writer sends a write again when its answer was lost, and turns the answers of
 * the store into written, refused, or the end of the run.
 */
import {
  type Clock,
  type TaskEntryKind,
  TaskError,
  type TaskHead,
  type TaskLease,
  type TaskRecord,
} from '@mcp-tasks/store';
import { applyRule, type Rule, type RuleOutcome, taskNotFound } from '@mcp-tasks/store/rules';
import type { TraceContext } from '../api/tool.ts';
import { monotonicMs } from '../core/lease-deadline.ts';
import { announce, type TaskLayer } from '../core/task-layer.ts';
import type { Timers } from '../core/timers.ts';
import { lostBecause, type RunEndReason } from '../handler/run-end.ts';

/** Between two tries to reach a store that failed. */
export const STORE_RETRY_MS = 1_000;

/** The tools of a {@link LeaseWriter}, and its questions to its run. */
export interface LeaseWriterOptions {
  readonly layer: TaskLayer;
  readonly lease: TaskLease;
  readonly owner: string;
  /** Instant on the monotonic timer until which the run relies on its lease. */
  readonly leaseDeadlineMs: number;
  readonly trace: TraceContext | undefined;
  readonly timers: Timers;
  /** Whether a write that failed is still wanted. */
  isWanted(): boolean;
  /** End the run: its task is over, or held by another. Answers with the error that ended the run. */
  end(reason: RunEndReason, cause?: unknown): TaskError;
}

/** How a run reaches the store, and what it learns there of others. */
export class LeaseWriter {
  readonly #options: LeaseWriterOptions;
  #leaseDeadlineMs: number;
  #foreignWrites = 0;
  #isWoken = false;
  /** Questions that another process closed. */
  readonly #closed = new Set<string>();

  constructor(options: LeaseWriterOptions) {
    this.#options = options;
    this.#leaseDeadlineMs = options.leaseDeadlineMs;
  }

  get lease(): TaskLease {
    return this.#options.lease;
  }

  get clock(): Clock {
    return this.#options.layer.clock;
  }

  /** Whether anybody else wrote since the run began. */
  get sawForeignWrites(): boolean {
    return this.#foreignWrites > 0;
  }

  /** Whether anybody else wrote something that was not only answers. */
  get isWoken(): boolean {
    return this.#isWoken;
  }

  get leaseDeadlineMs(): number {
    return this.#leaseDeadlineMs;
  }

  /** The lease was renewed: the run relies on it until this instant of the monotonic timer. */
  renewed(leaseDeadlineMs: number): void {
    this.#leaseDeadlineMs = Math.max(this.#leaseDeadlineMs, leaseDeadlineMs);
  }

  /** Whether another process closed this question since the run began. */
  wasClosed(key: string): boolean {
    return this.#closed.has(key);
  }

  /** Write by a rule. A store that fails for less than the lease costs nothing but time. */
  async write<Value>(known: TaskHead, rule: Rule<Value>): Promise<RuleOutcome<Value>> {
    const { store, clock, limits } = this.#options.layer;
    const { maxStoredBytes } = limits;
    // One write, sent again with its id until it is answered or its lease is over.
    const access = { store, clock, maxStoredBytes, forMs: Infinity, isWanted: () => this.#isWanted() };
    for (;;) {
      try {
        return await applyRule(access, known, rule);
      } catch (error) {
        await this.#retry(error);
      }
    }
  }

  /** Let others hear of a write, and note what they wrote between `known` and it. */
  announce(known: TaskHead, outcome: RuleOutcome<unknown>): void {
    announce(this.#options.layer, outcome, this.#options.trace);
    this.noteForeign(known, outcome.before);
  }

  /** Note the record that a rule decides on: the rule takes into account all that others wrote until now. */
  async readToDecide(known: TaskHead, kinds: readonly TaskEntryKind[]): Promise<TaskRecord> {
    for (;;) {
      try {
        const record = await this.read(kinds);
        if (record === undefined) throw taskNotFound();
        this.noteForeign(known, record.head);
        this.#foreignWrites = 0;
        this.#isWoken = false;
        return record;
      } catch (error) {
        await this.#retry(error);
      }
    }
  }

  /** Tell whether another process wrote between these two heads. */
  noteForeign(known: TaskHead, found: TaskHead): void {
    const writes = found.version - known.version;
    if (writes <= 0) return;
    this.#foreignWrites += writes;
    const closed = known.openQuestions.filter((key) => !found.openQuestions.includes(key));
    for (const key of closed) this.#closed.add(key);
    // One write may close several questions; a write more than that closed none.
    if (closed.length === 0 || writes > closed.length) this.#isWoken = true;
  }

  /** The task as it is now. */
  async read(kinds: readonly TaskEntryKind[]): Promise<TaskRecord | undefined> {
    const { layer, lease } = this.#options;
    const [record] = await layer.store.get({ taskIds: [lease.taskId], kinds, nowMs: layer.clock.nowMs() });
    return record;
  }

  /** Wait for the next try, or throw: what the rule refuses with, or what ended the run. */
  async #retry(error: unknown): Promise<void> {
    if (TaskError.is(error, 'QUESTION_LIMIT')) throw error;
    if (TaskError.is(error, 'TASK_QUOTA_EXCEEDED')) {
      this.#tellQuota();
      throw error;
    }
    if (!this.#mayRetry(error)) throw await this.#lost(error);
    await new Promise<void>((resolve) => {
      this.#options.timers.after(STORE_RETRY_MS, resolve);
    });
  }

  #mayRetry(error: unknown): boolean {
    return TaskError.is(error) && error.retryable && this.#isWanted();
  }

  /** Tell whether a write may be sent again: the lease holds, and the run goes on or this is the write that ends it. */
  #isWanted(): boolean {
    return this.#options.isWanted() && monotonicMs(this.clock) < this.#leaseDeadlineMs;
  }

  /** The owner stores as many bytes as it may: the handler gets the error, and the run goes on. */
  #tellQuota(): void {
    const { layer, owner, trace } = this.#options;
    layer.shares.tell('maxStoredBytes', { owner, trace });
  }

  /** A write failed for good: find out why, and end the run. */
  async #lost(error: unknown): Promise<TaskError> {
    if (TaskError.is(error, 'RUN_ENDED') || TaskError.is(error, 'TASK_NOT_FOUND')) {
      return this.#options.end(await this.#whyLost(error));
    }
    this.#options.layer.reportError(error);
    return this.#options.end(TaskError.is(error) && error.retryable ? 'lease-lost' : 'store-failed', error);
  }

  async #whyLost(error: TaskError): Promise<RunEndReason> {
    if (error.code === 'TASK_NOT_FOUND') return 'expired';
    try {
      const record = await this.read([]);
      return lostBecause(this.lease, record?.head) ?? 'lease-lost';
    } catch {
      // The store has said that the lease is gone; why, it cannot say now.
      return 'lease-lost';
    }
  }
}
