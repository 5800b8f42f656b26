/**
 * One run of a stored task in this process, from its claim to its last write. It executes the handler, watches for an
 * end from outside (cancel, expiry, lost lease, shutdown), and finishes with a result, an error or parking. Its writes
 * go through `write/`; its questions and its time have files of their own beside it.
 */
import { TaskError, type TaskHead, type TaskLease } from '@mcp-tasks/store';
import { cutUtf8, rules, suspectCrashCount } from '@mcp-tasks/store/rules';
import { type TaskLayer, tell, writeByRule } from '../core/task-layer.ts';
import { executeTool, type Execution } from '../handler/execute.ts';
import { lostBecause, RunEnd, type RunEndReason } from '../handler/run-end.ts';
import { thrownOutcome, timedOutOutcome } from '../tool/outcome.ts';
import { authorizeAgain } from './authorize-again.ts';
import { refusalOfRerun } from './authorize-run.ts';
import { crashPolicy, type RunStart } from './begin-run.ts';
import { givingBack, parking, type RunEnding, settling } from './finish-run.ts';
import { makeRunParts, type RunParts, type RunPartsHost } from './run-parts.ts';

/** One execution of a task's handler in this process, from its claim to its end. */
export class Run implements RunPartsHost {
  readonly #layer: TaskLayer;
  readonly #start: RunStart;
  readonly #parts: RunParts;
  /** Abandon the handler: free its slot and ignore its result. */
  #giveUp: () => void = () => undefined;
  /** The write that ends the run. */
  #lastWrite: Promise<void> | undefined;

  constructor(layer: TaskLayer, start: RunStart) {
    this.#layer = layer;
    this.#start = start;
    this.#parts = makeRunParts(layer, start, this);
  }

  get lease(): TaskLease {
    return this.#start.lease;
  }

  get taskId(): string {
    return this.lease.taskId;
  }

  get head(): TaskHead {
    return this.#parts.queue.head;
  }

  /** Run the handler; resolves when its slot is free. */
  async go(): Promise<void> {
    const { options, name } = this.#start.tool;
    if (options.timeoutMs !== undefined) this.#parts.runTime.start();
    const ended = this.#layer.loopWatch.began(name);
    const stopAsking = authorizeAgain(this.#layer, this.#parts.host, () => {
      this.#cancel().catch((error: unknown) => {
        this.#layer.reportError(error);
      });
    });
    this.#parts.queue.takeWaitBack();
    try {
      await new Promise<void>((resolve, reject) => {
        this.#giveUp = resolve;
        this.#execute().then(resolve, reject);
      });
    } finally {
      ended();
      stopAsking();
    }
    await this.#lastWrite;
    this.#parts.timers.cancel();
  }

  /** End the run without a write: another process has ended or taken the task. */
  end(reason: RunEndReason, cause?: unknown): TaskError {
    const { queue } = this.#parts;
    if (queue.ended !== undefined) return queue.ended.error;
    const end = this.#endOf(reason, cause);
    queue.end(end);
    this.#stop(end);
    if (reason === 'expired') this.#tell({ type: 'expired' });
    return end.error;
  }

  /** A head that was read from the store, or `undefined` when the task is gone. */
  onHead(head: TaskHead | undefined): void {
    const { queue } = this.#parts;
    if (queue.ended !== undefined) return;
    const reason = lostBecause(this.lease, head);
    if (reason !== undefined || head === undefined) this.end(reason ?? 'expired');
    else queue.seen(head);
  }

  /** Instant on the monotonic timer until which the run relies on its lease. */
  get leaseDeadlineMs(): number {
    return this.#parts.writer.leaseDeadlineMs;
  }

  /** The lease was renewed: the run relies on it until this instant. */
  renewed(leaseDeadlineMs: number): void {
    this.#parts.writer.renewed(leaseDeadlineMs);
  }

  /** True when another crash would be the task's last. */
  get isSuspect(): boolean {
    const { tool } = this.#start;
    return this.head.crashCount >= (suspectCrashCount(crashPolicy(this.#layer, tool)) ?? Infinity);
  }

  /** True when the run ended without a last write. */
  get isLost(): boolean {
    const reason = this.#parts.queue.ended?.reason;
    return reason === 'lease-lost' || reason === 'store-failed';
  }

  /** Park at once when the run waits, and may be run again. */
  parkIfWaiting(): void {
    const { host, questions, runTime } = this.#parts;
    const isWaiting = questions.awaited.length > 0 || runTime.wakeAtMs !== undefined;
    if (host.canPark && isWaiting) this.park();
  }

  /** Park at the questions and sleeps that the run waits for. */
  park(): void {
    const { host, questions, writer, runTime } = this.#parts;
    const how = { awaits: questions.awaited, wakeAtMs: runTime.wakeAtMs };
    this.#finish(parking(host, how, () => writer.isWoken));
  }

  timeOut(): void {
    this.#finish(settling(this.#parts.host, timedOutOutcome(this.#start.tool), 'timeout'));
  }

  /** The time for draining is over: give a `rerun` task back, fail another as interrupted. */
  async shutDown(): Promise<void> {
    this.#finish(givingBack(this.#parts.host));
    await this.#lastWrite;
  }

  async #execute(): Promise<void> {
    const { host, queue } = this.#parts;
    if (queue.ended !== undefined) return;
    let execution: Execution;
    try {
      const refusal = this.#start.mustAuthorize ? await refusalOfRerun(this.#layer, host) : undefined;
      if (refusal === undefined) this.#tell({ type: 'run-started', attempt: host.attempt });
      execution = refusal ?? (await executeTool(host));
    } catch (thrown) {
      execution = thrownOutcome(thrown);
    }
    this.#finish(
      execution.kind === 'parked' ? this.#parking(execution.message) : settling(host, execution, 'finished'),
    );
  }

  /** The handler returned `task.park(text)`. */
  #parking(text: string): RunEnding {
    const { host, writer } = this.#parts;
    const message = cutUtf8(text, this.#layer.limits.maxStatusMessageBytes);
    return parking(host, { message }, () => writer.sawForeignWrites);
  }

  /** The right of the caller was withdrawn: the task is cancelled, as if it had asked for that. */
  async #cancel(): Promise<void> {
    const { trace } = this.#start.entries.call;
    try {
      const outcome = await writeByRule(this.#layer, this.taskId, rules.cancel(), { trace });
      if (outcome.wrote) this.#tell({ type: 'cancelled' });
      this.onHead(outcome.head);
    } catch (error) {
      const isOver = TaskError.is(error, 'TASK_ALREADY_TERMINAL') || TaskError.is(error, 'TASK_NOT_FOUND');
      if (!isOver) throw error;
    }
  }

  /** Write the end of the run, and nothing after it. Too late, it changes nothing. */
  #finish(ending: RunEnding): void {
    const { queue } = this.#parts;
    if (queue.ended !== undefined) return;
    const end = this.#endOf(ending.reason);
    this.#lastWrite = ending.write(queue, end);
    this.#stop(end);
  }

  #stop(end: RunEnd): void {
    const { runTime, questions, signal, timers } = this.#parts;
    runTime.stop();
    questions.end(end);
    if (end.reason === 'finished') return;
    this.#start.onStop();
    signal.abort(end);
    const { graceMs } = this.#layer.settings;
    if (graceMs === 0) this.#giveUp();
    else timers.after(graceMs, this.#giveUp);
  }

  #endOf(reason: RunEndReason, cause?: unknown): RunEnd {
    const { taskId, attempt } = this.lease;
    return new RunEnd({ taskId, attempt, reason, cause });
  }

  #tell(event: Parameters<typeof tell>[3]): void {
    tell(this.#layer, this.head, this.#start.entries.call.trace, event);
  }
}
