import type { Clock, TaskEntryKind, TaskError, TaskHead, TaskLease, TaskLimits } from '@mcp-tasks/store';
import { cutUtf8, type Effects, type RecordRule, type Rule, type RuleOutcome } from '@mcp-tasks/store/rules';
import { type InputRequest, type InputResponse, isTerminalStatus, type JsonObject } from '@mcp-tasks/wire';
import type { TaskTool, TraceContext } from '../api/tool.ts';
import { type TaskLayer, tell } from '../core/task-layer.ts';
import { executeTool, type Execution } from '../handler/execute.ts';
import type { HandlerHost, Report } from '../handler/handler-host.ts';
import { abortAfter, lostBecause, RunEnd, type RunEndReason } from '../handler/run-end.ts';
import type { RunEntries } from '../handler/task-entries.ts';
import { thrownOutcome, timedOutOutcome } from '../tool/outcome.ts';
import { guardedRule } from '../write/guarded-rule.ts';
import { LeaseWriter, type LeaseWriterHost, STORE_RETRY_MS } from '../write/lease-writer.ts';
import { WriteQueue, type WriteQueueHost } from '../write/write-queue.ts';
import { authorizeRun, refusalOfRerun } from './authorize-run.ts';
import type { RunStart } from './begin-run.ts';
import { type EndingRun, giveBack, park, settle } from './finish-run.ts';
import { RunTime } from './run-time.ts';
import { RunQuestions } from './stored-questions.ts';

/** One execution of a task's handler in this process, from its claim to its end. */
export class Run implements HandlerHost, WriteQueueHost, LeaseWriterHost, EndingRun {
  readonly inline = false;
  readonly workflow = undefined;
  readonly layer: TaskLayer;
  readonly tool: TaskTool;
  readonly lease: TaskLease;
  readonly entries: RunEntries;
  readonly limits: TaskLimits;
  readonly progressDone: number;
  readonly parsedArguments: unknown;
  readonly #start: RunStart;
  readonly #writer: LeaseWriter;
  readonly #queue: WriteQueue;
  // Most runs ask nothing and look at no signal: what those need is made when it is needed.
  #madeQuestions: RunQuestions | undefined;
  #madeWaits: RunTime | undefined;
  #madeAbort: AbortController | undefined;
  #madeTimers: Set<() => void> | undefined;
  /** Give the handler up: its slot is free, whatever it returns is dropped. */
  #giveUp: () => void = () => undefined;
  #ended: RunEnd | undefined;
  /** The write that ends the run. */
  #lastWrite: Promise<void> | undefined;

  constructor(layer: TaskLayer, start: RunStart) {
    const { tool, head, lease, entries } = start;
    this.layer = layer;
    this.#start = start;
    this.parsedArguments = start.parsedArguments;
    this.tool = tool;
    this.lease = lease;
    this.entries = entries;
    this.limits = layer.limits;
    this.progressDone = head.progress?.done ?? -Infinity;
    this.#writer = new LeaseWriter(layer, head.dueAtMs ?? 0, this);
    this.#queue = new WriteQueue(head, this);
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
    return (this.#madeAbort ??= abortAfter(this.#ended)).signal;
  }

  get ended(): RunEnd | undefined {
    return this.#ended;
  }

  get canRerun(): boolean {
    return this.tool.options.onCrash === 'rerun';
  }

  get canPark(): boolean {
    return this.canRerun;
  }

  /** Run the handler; resolves when its slot is free. */
  async go(): Promise<void> {
    if (this.tool.options.timeoutMs !== undefined) this.#runTime.start();
    const ended = this.layer.loopWatch.began(this.tool.name);
    try {
      await new Promise<void>((resolve, reject) => {
        this.#giveUp = resolve;
        this.#execute().then(resolve, reject);
      });
    } finally {
      ended();
    }
    await this.#lastWrite;
    for (const cancel of this.#madeTimers ?? []) cancel();
  }

  /** End the run without a write: somebody else has ended or taken the task. */
  end(reason: RunEndReason, cause?: unknown): void {
    if (this.#ended !== undefined) return;
    const end = this.#endOf(reason, cause);
    this.#queue.end(end);
    this.#stop(end);
    if (reason === 'expired') this.#tell({ type: 'expired' });
  }

  /** A head that was read from the store, or `undefined` when the task is gone. */
  onHead(head: TaskHead | undefined): void {
    if (this.#ended !== undefined) return;
    const reason = lostBecause(this.lease, head);
    if (reason !== undefined || head === undefined) {
      this.end(reason ?? 'expired');
      return;
    }
    this.#queue.seen(head, (known) => {
      this.#writer.noteForeign(known, head);
      this.#madeQuestions?.look();
    });
  }

  /** The lease was renewed until this instant. */
  renewed(leaseEndsAtMs: number): void {
    this.#writer.renewed(leaseEndsAtMs);
  }

  /** Park at once when the run waits at a question and may be run again. */
  parkIfWaiting(): void {
    if (this.canRerun && this.#awaited().length > 0) this.#parkAtQuestions();
  }

  /** The time for draining is over: give a `rerun` task back, fail another as interrupted. */
  async shutDown(): Promise<void> {
    giveBack(this.layer, this);
    await this.#lastWrite;
  }

  record(change: Pick<Effects, 'put' | 'delete'>): Promise<void> {
    return this.#queue.record(change);
  }

  async amend<Value>(kinds: readonly TaskEntryKind[], rule: RecordRule<Value>): Promise<Value> {
    const read = () => this.#writer.readToDecide(this.head, kinds);
    const { head, value, wrote } = await this.#queue.amend(read, guardedRule(rule));
    if (wrote && isTerminalStatus(head.status)) {
      this.#tell({ type: 'settled', status: head.status, isError: head.toolError !== undefined });
    }
    return value();
  }

  openQuestion(key: string, request: InputRequest): Promise<InputResponse | undefined> {
    return this.#questions.open(key, request);
  }

  authorizeStep(tool: string, args: JsonObject): Promise<void> | undefined {
    return authorizeRun(this.layer, this, { tool, arguments: args, via: 'step', taskId: this.taskId });
  }

  report(report: Report): void {
    this.#queue.report(report);
  }

  ask(key: string, request: InputRequest): Promise<InputResponse> {
    return this.#questions.ask(key, request);
  }

  caughtUp(): Promise<void> | undefined {
    return this.layer.caughtUp(this.signal);
  }

  stepBegan(): () => void {
    return this.#runTime.stepBegan();
  }

  // What the queue, the writer and an ending ask of their run.

  get clock(): Clock {
    return this.layer.clock;
  }

  get trace(): TraceContext | undefined {
    return this.entries.call.trace;
  }

  write<Value>(head: TaskHead, rule: Rule<Value>): Promise<RuleOutcome<Value>> {
    return this.#writer.write(head, rule);
  }

  isWanted(): boolean {
    return this.#ended === undefined || this.#lastWrite !== undefined;
  }

  written(head: TaskHead): void {
    this.#queue.observe(head);
    this.#madeQuestions?.look();
  }

  lost(reason: RunEndReason, cause?: unknown): TaskError {
    this.end(reason, cause);
    return (this.#ended ?? this.#endOf(reason, cause)).error;
  }

  after(delayMs: number, callback: () => void): void {
    const timers = (this.#madeTimers ??= new Set());
    const cancel = this.layer.clock.after(delayMs, () => {
      timers.delete(cancel);
      callback();
    });
    timers.add(cancel);
  }

  finish<Value>(
    rule: Rule<Value>,
    reason: RunEndReason,
    then: (outcome: RuleOutcome<Value>) => void = () => undefined,
  ): void {
    if (this.#ended !== undefined) return;
    const end = this.#endOf(reason);
    // A rejection was dealt with where the run learned of it.
    this.#lastWrite = this.#queue.finish(rule, end).then(then, () => undefined);
    this.#stop(end);
  }

  get #runTime(): RunTime {
    this.#madeWaits ??= new RunTime({
      clock: this.layer.clock,
      slot: this.#start.slot,
      signal: this.signal,
      parkAfterMs: this.canRerun ? this.layer.settings.parkAfterMs : undefined,
      timeoutMs: this.tool.options.timeoutMs,
      isWaiting: () => this.#awaited().length > 0,
      park: () => {
        this.#parkAtQuestions();
      },
      timeOut: () => {
        settle(this.layer, this, timedOutOutcome(this.tool), 'timeout');
      },
    });
    return this.#madeWaits;
  }

  get #questions(): RunQuestions {
    this.#madeQuestions ??= new RunQuestions({
      lease: this.lease,
      limits: this.limits,
      queue: this.#queue,
      entries: this.entries,
      runTime: this.#runTime,
      read: () => this.#writer.read(['answer']),
      wasClosed: (key) => this.#writer.wasClosed(key),
      asked: (key) => {
        this.#tell({ type: 'question-asked', key });
      },
      failed: (error, retry) => {
        this.layer.reportError(error);
        this.after(STORE_RETRY_MS, retry);
      },
    });
    return this.#madeQuestions;
  }

  #awaited(): readonly string[] {
    return this.#madeQuestions?.awaited ?? [];
  }

  async #execute(): Promise<void> {
    if (this.#ended !== undefined) return;
    let execution: Execution;
    try {
      const refusal = this.#start.mustAuthorize ? await refusalOfRerun(this.layer, this) : undefined;
      if (refusal === undefined) this.#tell({ type: 'run-started', attempt: this.attempt });
      execution = refusal ?? (await executeTool(this));
    } catch (thrown) {
      execution = thrownOutcome(thrown);
    }
    if (execution.kind === 'parked') this.#park(execution.message);
    else settle(this.layer, this, execution, 'finished');
  }

  #parkAtQuestions(): void {
    park(this.layer, this, { awaits: this.#awaited() }, () => this.#writer.isWoken);
  }

  #park(message: string): void {
    const parking = { message: cutUtf8(message, this.limits.maxStatusMessageBytes) };
    park(this.layer, this, parking, () => this.#writer.sawForeignWrites);
  }

  #endOf(reason: RunEndReason, cause?: unknown): RunEnd {
    return new RunEnd({ taskId: this.taskId, attempt: this.attempt, reason, cause });
  }

  #stop(end: RunEnd): void {
    this.#ended = end;
    this.#madeWaits?.stop();
    this.#madeQuestions?.end(end);
    if (end.reason === 'finished') return;
    this.#start.onStop();
    this.#madeAbort?.abort(end.error);
    const { graceMs } = this.layer.settings;
    if (graceMs === 0) this.#giveUp();
    else this.after(graceMs, this.#giveUp);
  }

  #tell(event: Parameters<typeof tell>[3]): void {
    tell(this.layer, this.head, this.entries.call.trace, event);
  }
}
