/**
 * All runs of a process: the place where a claimed task becomes a run. It knows every lease that this process has, so
 * that the heartbeat renews each one. Only the claim, one step of the store, decides between processes. No section of
 * the specification decides this.
 */
import { type ClaimHandler, newWriteId, TaskError, type TaskHead, type TaskLease } from '@mcp-tasks/store';
import { CLIENT_RESEND_MS, resend, suspectCrashCount } from '@mcp-tasks/store/rules';
import type { ExecutorHost, RunSlot, SubmittedTask } from '../api/executor.ts';
import { leaseDeadlineMs, monotonicMs } from '../core/lease-deadline.ts';
import type { TaskLayer } from '../core/task-layer.ts';
import { RUN_ENTRY_KINDS } from '../handler/task-entries.ts';
import { type ClaimedTask, crashPolicy, failClaimed, failureOf, startOf } from '../run/begin-run.ts';
import { Run } from '../run/stored-run.ts';
import { RunWatch } from './run-watch.ts';

/** The runs of this process. */
export class Runs implements ExecutorHost {
  readonly #layer: TaskLayer;
  /** Runs that may still write, by task. */
  readonly #active = new Map<string, Run>();
  /** Runs whose handler has not returned, without abandoned ones. */
  readonly #going = new Set<Promise<void>>();
  /** Tasks whose runs here ended without a last write, each with its expiry: a `fail` tool does not run them again. */
  readonly #lost = new Map<string, number>();
  readonly #watch: RunWatch;
  #isShutDown = false;

  constructor(layer: TaskLayer) {
    this.#layer = layer;
    this.#watch = new RunWatch(layer, this.#active);
  }

  get active(): ReadonlyMap<string, Run> {
    return this.#active;
  }

  /** List every lease that the heartbeat has to renew. */
  leases(): readonly TaskLease[] {
    return [...this.#active.values()].map(({ lease }) => lease);
  }

  /** List the tools of this process, as a claim takes them. */
  claimHandlers(): readonly ClaimHandler[] {
    return [...this.#layer.registry.tools.values()].map((tool) => ({
      name: tool.name,
      suspectCrashCount: suspectCrashCount(crashPolicy(this.#layer, tool)),
    }));
  }

  /** Tell whether a suspect runs here: another crash would be its last, so no second one may run beside it. */
  hasSuspect(): boolean {
    for (const run of this.#active.values()) if (run.isSuspect) return true;
    return false;
  }

  /** Take note of a lease that was not renewed; `head` is the present head. */
  lost(taskId: string, head: TaskHead | undefined): void {
    this.#active.get(taskId)?.onHead(head);
  }

  /** Take note that time moved: runs that are expired by the new time end now, the others at their expiry. */
  timeMoved(): void {
    this.#watch.timeMoved();
  }

  /** Run a task that this process has claimed, to the end of its run. */
  beginClaimed(claimed: ClaimedTask): void {
    void this.#track(this.#run(claimed));
  }

  /** Claim one task for an executor, and run it to the end of its run. */
  run(task: SubmittedTask, slot: RunSlot): Promise<void> {
    return this.#track(this.#claimAndRun(task, slot));
  }

  /** Shut all runs down when the time for draining is over, also runs whose claim is still under way. */
  async shutDown(): Promise<void> {
    this.#isShutDown = true;
    await Promise.all([...this.#active.values()].map((run) => run.shutDown()));
  }

  /** Wait until all handlers have ended. */
  async settled(): Promise<void> {
    while (this.#going.size > 0) await Promise.all(this.#going);
  }

  #track(work: Promise<void>): Promise<void> {
    const going = work.then(() => {
      this.#going.delete(going);
    });
    this.#going.add(going);
    return going;
  }

  async #claimAndRun({ taskId, handler, queue }: SubmittedTask, slot: RunSlot): Promise<void> {
    const { store, clock, settings, holder } = this.#layer;
    const handlers = this.claimHandlers().filter(({ name }) => name === handler);
    if (handlers.length === 0 || this.#active.has(taskId)) return;
    const claim = {
      taskIds: [taskId],
      handlers,
      queues: [queue],
      holder,
      writeId: newWriteId(),
      leaseMs: settings.leaseMs,
      limit: 1,
      perOwner: 1,
      suspects: this.hasSuspect() ? 0 : 1,
      takesLostRuns: true,
      kinds: RUN_ENTRY_KINDS,
    };
    try {
      await this.#layer.caughtUp();
      const send = () => store.claim({ ...claim, nowMs: clock.nowMs() });
      const sentAtMs = monotonicMs(clock);
      const { records } = await send().catch((error: unknown) =>
        resend(clock, send, error, { forMs: Math.min(CLIENT_RESEND_MS, settings.leaseMs / 2) }),
      );
      const deadlineMs = leaseDeadlineMs(sentAtMs, settings.leaseMs);
      for (const record of records) await this.#run({ record, slot, leaseDeadlineMs: deadlineMs });
    } catch (error) {
      this.#layer.reportError(error);
    }
  }

  async #run(claimed: ClaimedTask): Promise<void> {
    const { record, slot } = claimed;
    const { taskId } = record.head;
    try {
      const start = startOf(this.#layer, claimed, () => {
        this.#drop(run);
      });
      const wasBegunHere = this.#lost.delete(taskId) || this.#active.has(taskId);
      const failure = failureOf(this.#layer, start, wasBegunHere);
      if (failure !== undefined) {
        await failClaimed(this.#layer, start, failure);
        return;
      }
      const run: Run = new Run(this.#layer, start);
      this.#active.set(taskId, run);
      this.#watch.add(run);
      if (this.#isShutDown) void run.shutDown();
      await run.go();
      this.#drop(run);
    } catch (error) {
      if (!isOver(error)) this.#layer.reportError(error);
    } finally {
      slot.release();
    }
  }

  /** Drop a run that no longer writes: it needs neither heartbeat nor hub nor expiry. */
  #drop(run: Run): void {
    this.#watch.remove(run);
    if (this.#active.get(run.taskId) !== run) return;
    this.#active.delete(run.taskId);
    if (this.#active.size === 0) this.#watch.disarm();
    if (run.isLost) this.#noteLost(run.head);
  }

  #noteLost({ taskId, expiresAtMs }: TaskHead): void {
    const nowMs = this.#layer.clock.nowMs();
    for (const [id, untilMs] of this.#lost) if (untilMs <= nowMs) this.#lost.delete(id);
    this.#lost.set(taskId, expiresAtMs);
  }
}

function isOver(error: unknown): boolean {
  return TaskError.is(error, 'RUN_ENDED') || TaskError.is(error, 'TASK_NOT_FOUND');
}
