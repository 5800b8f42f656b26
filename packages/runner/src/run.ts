import { cutUtf8, rules, TaskError } from '@mcp-tasks/store';
import type {
  Effects,
  Rule,
  RuleOutcome,
  TaskEntryKind,
  TaskHead,
  TaskLease,
  TaskLimits,
  TaskRecord,
} from '@mcp-tasks/store';
import type { InputRequest, InputResponse } from '@mcp-tasks/wire';
import type { Core } from './core.ts';
import { eventBase, writeByRule } from './core.ts';
import type { QueuedTask, RunSlot } from './executor.ts';
import { executeTool } from './execute.ts';
import type { Execution } from './execute.ts';
import { refusedOutcome, thrownOutcome, timedOutOutcome } from './outcome.ts';
import type { RunOutcome } from './outcome.ts';
import { lostBecause, runEndedError } from './run-ended.ts';
import type { RunEndReason } from './run-ended.ts';
import type { RunHost } from './run-host.ts';
import { RunQuestions } from './run-questions.ts';
import { RunWaits } from './run-waits.ts';
import type { RunEntries } from './stored-call.ts';
import { readAnswers } from './stored-call.ts';
import type { TaskTool } from './tool.ts';
import { WriteQueue } from './write-queue.ts';
import type { Report } from './write-queue.ts';

/** A run that a claim allows to begin. */
export interface RunStart {
  readonly tool: TaskTool;
  readonly head: TaskHead;
  readonly lease: TaskLease;
  readonly entries: RunEntries;
  readonly slot: RunSlot;
  /** A run after the first, or in another process than the call. */
  readonly mustAuthorize: boolean;
}

/** Between two tries to reach a store that failed. */
const STORE_RETRY_MS = 1_000;

/** One execution of a task's handler in this process, from its claim to its end. */
export class Run implements RunHost {
  readonly inline = false;
  readonly tool: TaskTool;
  readonly lease: TaskLease;
  readonly entries: RunEntries;
  readonly limits: TaskLimits;
  readonly progressDone: number;
  readonly #core: Core;
  readonly #mustAuthorize: boolean;
  readonly #queue: WriteQueue;
  readonly #questions: RunQuestions;
  readonly #waits: RunWaits;
  readonly #abort = new AbortController();
  /** Resolves when the handler is given up: its slot is free, whatever it returns is dropped. */
  readonly #givenUp: Promise<void>;
  #giveUp!: () => void;
  readonly #timers = new Set<() => void>();
  #ended: TaskError | undefined;
  /** The write that ends the run. */
  #lastWrite: Promise<void> | undefined;
  #leaseEndsAtMs: number;
  /** Somebody else wrote, and not only answers. */
  #isWoken = false;
  #foreignWrites = 0;
  /** Awaited answers are there, and not read yet. */
  #mustRead = false;

  constructor(core: Core, start: RunStart) {
    this.#core = core;
    this.#mustAuthorize = start.mustAuthorize;
    this.tool = start.tool;
    this.lease = start.lease;
    this.entries = start.entries;
    this.limits = core.limits;
    this.progressDone = start.head.progress?.done ?? -Infinity;
    this.#leaseEndsAtMs = start.head.dueAtMs ?? 0;
    this.#givenUp = new Promise((resolve) => {
      this.#giveUp = resolve;
    });
    this.#queue = new WriteQueue(start.head, {
      lease: start.lease,
      clock: core.clock,
      write: (head, rule) => this.#write(head, rule),
    });
    this.#waits = new RunWaits({
      clock: core.clock,
      slot: start.slot,
      signal: this.signal,
      parkAfterMs: this.canRerun ? core.settings.parkAfterMs : undefined,
      timeoutMs: start.tool.options.timeoutMs,
      isWaiting: () => this.#questions.awaited.length > 0,
      park: () => {
        this.#parkAtQuestions();
      },
      timeOut: () => {
        this.#settle(timedOutOutcome(this.tool), 'timeout');
      },
    });
    this.#questions = new RunQuestions({
      lease: start.lease,
      limits: core.limits,
      queue: this.#queue,
      entries: start.entries,
      waits: this.#waits,
      asked: (key) => {
        core.emit({ ...eventBase(core, this.head, this.entries.call), type: 'question-asked', key });
      },
      look: () => {
        this.#look();
      },
    });
  }

  get taskId(): string {
    return this.lease.taskId;
  }

  get attempt(): number {
    return this.lease.attempt;
  }

  get owner(): string {
    return this.head.owner;
  }

  get head(): TaskHead {
    return this.#queue.head;
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get ended(): TaskError | undefined {
    return this.#ended;
  }

  get canRerun(): boolean {
    return this.tool.options.onCrash === 'rerun';
  }

  /** The version up to which this run knows what others wrote. */
  get seenVersion(): number {
    return this.head.version;
  }

  /** Run the handler; resolves when its slot is free. */
  async go(): Promise<void> {
    this.#waits.start();
    await Promise.race([this.#execute(), this.#givenUp]);
    await this.#lastWrite;
    for (const cancel of this.#timers) cancel();
  }

  /** End the run without a write: somebody else has ended or taken the task. */
  end(reason: RunEndReason, cause?: unknown): void {
    if (this.#ended !== undefined) return;
    const error = runEndedError(this.taskId, this.attempt, reason, cause);
    this.#queue.end(error);
    this.#stop(error, reason);
    if (reason === 'expired') this.#core.emit({ ...this.#subject(), type: 'expired' });
  }

  /** A head that somebody else wrote, or `undefined` when the task is gone. */
  onHead(head: TaskHead | undefined): void {
    if (this.#ended !== undefined) return;
    const reason = lostBecause(this.lease, head);
    if (reason !== undefined || head === undefined) {
      this.end(reason ?? 'expired');
      return;
    }
    this.#noteForeign(this.head, head);
    this.#queue.observe(head);
    this.#look();
  }

  /** The lease was renewed until this instant. */
  renewed(leaseEndsAtMs: number): void {
    this.#leaseEndsAtMs = leaseEndsAtMs;
  }

  /** Park at once when the run waits at a question and may be run again. */
  parkIfWaiting(): void {
    if (this.canRerun && this.#questions.awaited.length > 0) this.#parkAtQuestions();
  }

  /** The time for draining is over: give a `rerun` task back, fail another as interrupted. */
  async shutDown(): Promise<void> {
    if (this.#ended === undefined) {
      if (this.canRerun) this.#finish(rules.release(this.lease), 'shutdown');
      else {
        this.#finish(rules.interrupt(this.lease, this.#keepResultMs()), 'shutdown', ({ wrote }) => {
          if (wrote) this.#core.emit({ ...this.#subject(), type: 'settled', status: 'failed', isError: true });
        });
      }
    }
    await this.#lastWrite;
  }

  record(change: Pick<Effects, 'put' | 'delete'>): Promise<void> {
    return this.#queue.record(change);
  }

  report(report: Report): void {
    this.#queue.report(report);
  }

  ask(key: string, request: InputRequest): Promise<InputResponse> {
    return this.#questions.ask(key, request);
  }

  stepBegan(): () => void {
    return this.#waits.stepBegan();
  }

  async #execute(): Promise<void> {
    let execution: Execution;
    try {
      execution = (await this.#refusal()) ?? (await this.#executeTool());
    } catch (thrown) {
      execution = thrownOutcome(thrown);
    }
    if (execution.kind === 'parked') this.#park(execution.message);
    else this.#settle(execution, 'finished');
  }

  async #executeTool(): Promise<Execution> {
    this.#core.emit({ ...this.#subject(), type: 'run-started', attempt: this.attempt });
    return executeTool(this);
  }

  /** The refusal of a run that must be authorized anew; it fails the task. */
  async #refusal(): Promise<RunOutcome | undefined> {
    if (!this.#mustAuthorize) return undefined;
    const { call } = this.entries;
    try {
      await this.#core.authorize(
        { owner: this.owner, caller: call.caller, tool: this.tool.name, arguments: call.arguments, via: 'rerun' },
        { taskId: this.taskId, trace: call.trace },
      );
      return undefined;
    } catch (thrown) {
      return refusedOutcome(this.tool, thrown);
    }
  }

  /** Store how the run ended. Too late, it changes nothing. */
  #settle(outcome: RunOutcome, reason: RunEndReason): void {
    const keepResultMs = this.#keepResultMs();
    const rule: Rule<'completed' | 'failed'> =
      outcome.kind === 'result'
        ? rules.complete(this.lease, { result: outcome.result, json: outcome.json, keepResultMs })
        : rules.fail(this.lease, outcome.error, keepResultMs);
    const isError = outcome.kind === 'error' || outcome.result.isError === true;
    this.#finish(rule, reason, ({ value, wrote }) => {
      if (wrote) this.#core.emit({ ...this.#subject(), type: 'settled', status: value, isError });
    });
  }

  #parkAtQuestions(): void {
    const { awaited } = this.#questions;
    const rule = this.#isWoken ? rules.release(this.lease) : rules.park(this.lease, { awaits: awaited });
    this.#finish(rule, 'parked', (outcome) => {
      this.#submitIfDue(outcome);
    });
  }

  #park(message: string): void {
    // What came since the run began may be what it parks for, unseen.
    const statusMessage = cutUtf8(message, this.limits.maxStatusMessageBytes);
    const rule =
      this.#foreignWrites > 0 ? rules.release(this.lease) : rules.park(this.lease, { message: statusMessage });
    this.#finish(rule, 'parked', (outcome) => {
      this.#submitIfDue(outcome);
    });
  }

  #submitIfDue({ value, head }: RuleOutcome<'parked' | 'due' | 'released'>): void {
    if (value !== 'parked') this.#core.executor.submit(queuedTask(head));
  }

  /** End the run by a write. */
  #finish<Value>(
    rule: Rule<Value>,
    reason: RunEndReason,
    then: (outcome: RuleOutcome<Value>) => void = () => undefined,
  ): void {
    if (this.#ended !== undefined) return;
    const error = runEndedError(this.taskId, this.attempt, reason);
    this.#lastWrite = this.#queue.finish(rule, error).then(then, () => undefined);
    this.#stop(error, reason);
  }

  #stop(error: TaskError, reason: RunEndReason): void {
    this.#ended = error;
    this.#waits.stop();
    this.#questions.end(error);
    if (reason === 'finished') return;
    this.#abort.abort(error);
    this.#after(this.#core.settings.graceMs, this.#giveUp);
  }

  /** A store that fails for less than the lease costs nothing but time. */
  async #write<Value>(head: TaskHead, rule: Rule<Value>): Promise<RuleOutcome<Value>> {
    for (;;) {
      try {
        const outcome = await writeByRule(this.#core, head, rule, {
          trace: this.entries.call.trace,
          observe: (written) => {
            this.#queue.observe(written);
          },
        });
        this.#noteForeign(head, outcome.before);
        this.#look();
        return outcome;
      } catch (error) {
        if (TaskError.is(error, 'QUESTION_LIMIT')) throw error;
        if (!this.#mayRetry(error)) throw await this.#lost(error);
      }
      await this.#delay(STORE_RETRY_MS);
    }
  }

  #mayRetry(error: unknown): boolean {
    const isOurs = this.#ended === undefined || this.#lastWrite !== undefined;
    return isOurs && TaskError.is(error) && error.retryable && this.#core.clock.nowMs() < this.#leaseEndsAtMs;
  }

  /** A write failed for good: find out why, and end the run. */
  async #lost(error: unknown): Promise<TaskError> {
    if (TaskError.is(error, 'RUN_ENDED') || TaskError.is(error, 'TASK_NOT_FOUND')) {
      this.end(await this.#whyLost(error));
    } else {
      this.#core.report(error);
      this.end(TaskError.is(error) && error.retryable ? 'lease-lost' : 'store-failed', error);
    }
    return this.#ended ?? runEndedError(this.taskId, this.attempt, 'lease-lost');
  }

  async #whyLost(error: TaskError): Promise<RunEndReason> {
    if (error.code === 'TASK_NOT_FOUND') return 'expired';
    try {
      return lostBecause(this.lease, (await this.#read([]))?.head) ?? 'lease-lost';
    } catch {
      // The store says that the lease is gone, and then not why.
      return 'lease-lost';
    }
  }

  /** Somebody else wrote between these two heads. */
  #noteForeign(known: TaskHead, found: TaskHead): void {
    const writes = found.version - known.version;
    if (writes <= 0) return;
    this.#foreignWrites += writes;
    const closed = known.openQuestions.filter((key) => !found.openQuestions.includes(key)).length;
    // One write may close several questions; a write more than that closed none.
    if (closed === 0 || writes > closed) this.#isWoken = true;
  }

  /** Fetch answers when an awaited question was closed. */
  #look(): void {
    if (this.#mustRead || this.#ended !== undefined || !this.#questions.isAnswered(this.head)) return;
    this.#mustRead = true;
    void this.#fetchAnswers();
  }

  async #fetchAnswers(): Promise<void> {
    try {
      const record = await this.#read(['answer']);
      if (record !== undefined) this.#questions.resolve(readAnswers(record.entries));
      this.#mustRead = false;
    } catch (error) {
      this.#core.report(error);
      this.#after(STORE_RETRY_MS, () => {
        this.#mustRead = false;
        this.#look();
      });
    }
  }

  async #read(kinds: readonly TaskEntryKind[]): Promise<TaskRecord | undefined> {
    const { store, clock } = this.#core;
    const [record] = await store.get({ taskIds: [this.taskId], kinds, nowMs: clock.nowMs() });
    return record;
  }

  async #delay(delayMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#after(delayMs, resolve);
    });
  }

  #after(delayMs: number, callback: () => void): void {
    const cancel = this.#core.clock.after(delayMs, () => {
      this.#timers.delete(cancel);
      callback();
    });
    this.#timers.add(cancel);
  }

  #keepResultMs(): number {
    return this.tool.options.keepResultMs ?? this.limits.keepResultMs;
  }

  #subject() {
    return eventBase(this.#core, this.head, this.entries.call);
  }
}

/** What an executor needs to know of a task. */
export function queuedTask({ taskId, owner, handler }: TaskHead): QueuedTask {
  return { taskId, owner, handler };
}
