/**
 * All runs of a process: the place where a submitted task becomes a run. It knows every lease that this process has, of
 * running and of queued tasks, so that the heartbeat renews each one. It also keeps this process from beginning a task
 * twice. Only the claim, a compare-and-set, decides between processes. No section of the specification decides this.
 */
import { TaskError, type TaskHead, type TaskLease } from '@mcp-tasks/store';
import { rules } from '@mcp-tasks/store/rules';
import { type ExecutorHost, type QueuedTask, queuedTask, type RunSlot } from '../api/executor.ts';
import { announce, type TaskLayer, tell, writeByRule } from '../core/task-layer.ts';
import { lostBecause } from '../handler/run-end.ts';
import { claimForRun, type FreshTask, readAgain, readForRun } from '../run/begin-run.ts';
import { Run } from '../run/stored-run.ts';
import { RunWatch } from './run-watch.ts';

/** The runs of this process, and the tasks that it holds for a later run. */
export class Runs implements ExecutorHost {
  readonly #layer: TaskLayer;
  /** Runs that may still write, by task. */
  readonly #active = new Map<string, Run>();
  /** Runs whose handler has not returned, without abandoned ones. */
  readonly #going = new Set<Promise<void>>();
  /** Leases of tasks that were created here and wait for a slot. */
  readonly #queued = new Map<string, TaskLease>();
  readonly #claiming = new Set<string>();
  /** The task that is being submitted; set only during that call, since a queue holds ids only. */
  #fresh: FreshTask | undefined;
  /** Tasks whose run could not begin, with the instant until which recovery leaves them alone. */
  readonly #failedUntilMs = new Map<string, number>();
  readonly #watch: RunWatch;
  #isShutDown = false;
  /** Called when a slot may have become free. */
  onIdle: () => void = () => undefined;

  constructor(layer: TaskLayer) {
    this.#layer = layer;
    this.#watch = new RunWatch(layer, this.#active);
  }

  get active(): ReadonlyMap<string, Run> {
    return this.#active;
  }

  get queuedCount(): number {
    return this.#queued.size;
  }

  /** Submit a task that this process created, and hold it until its run begins. */
  submitFresh(fresh: FreshTask): void {
    const { taskId, attempt, holder } = fresh.head;
    if (holder !== undefined) this.#queued.set(taskId, { taskId, attempt, holder });
    this.#fresh = fresh;
    this.#layer.executor.submit(queuedTask(fresh.head));
    this.#fresh = undefined;
  }

  /**
   * List the tasks that recovery has to leave alone: this process has them already, or recently failed to begin them.
   */
  notToAdopt(): ReadonlySet<string> {
    const nowMs = this.#layer.clock.nowMs();
    for (const [taskId, untilMs] of this.#failedUntilMs) if (untilMs <= nowMs) this.#failedUntilMs.delete(taskId);
    return new Set([...this.#active.keys(), ...this.#queued.keys(), ...this.#claiming, ...this.#failedUntilMs.keys()]);
  }

  /** List every lease that the heartbeat has to renew. */
  leases(): readonly TaskLease[] {
    return [...[...this.#active.values()].map(({ lease }) => lease), ...this.#queued.values()];
  }

  /** Take note of a lease that was not renewed; `head` is the present head. */
  lost(taskId: string, head: TaskHead | undefined): void {
    this.#active.get(taskId)?.onHead(head);
    const queued = this.#queued.get(taskId);
    if (queued !== undefined && lostBecause(queued, head) !== undefined) this.#queued.delete(taskId);
  }

  /** Take note that time moved: runs that are expired by the new time end now, the others at their expiry. */
  timeMoved(): void {
    this.#failedUntilMs.clear();
    this.#watch.timeMoved();
  }

  run(task: QueuedTask, slot: RunSlot): Promise<void> {
    if (this.#claiming.has(task.taskId)) return Promise.resolve();
    this.#claiming.add(task.taskId);
    const fresh = this.#fresh?.head.taskId === task.taskId ? this.#fresh : undefined;
    const going = this.#run(task, slot, fresh).then(() => {
      this.#going.delete(going);
      this.onIdle();
    });
    this.#going.add(going);
    return going;
  }

  /** Give back tasks that were queued and not begun, at once. */
  async release(tasks: readonly QueuedTask[]): Promise<void> {
    await Promise.all(
      tasks.map(async ({ taskId }) => {
        const lease = this.#queued.get(taskId);
        this.#queued.delete(taskId);
        if (lease === undefined) return;
        await writeByRule(this.#layer, taskId, rules.release(lease), undefined).catch((error: unknown) => {
          if (!isOver(error)) this.#layer.reportError(error);
        });
      }),
    );
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

  async #run(task: QueuedTask, slot: RunSlot, fresh: FreshTask | undefined): Promise<void> {
    try {
      let begun: Run | undefined;
      try {
        begun = await this.#begin(task, slot, fresh);
      } finally {
        this.#claiming.delete(task.taskId);
        this.#queued.delete(task.taskId);
      }
      if (begun === undefined) return;
      const run = begun;
      this.#active.set(task.taskId, run);
      this.#watch.add(run);
      if (this.#isShutDown) void run.shutDown();
      await run.go();
      this.#drop(run);
    } catch (error) {
      if (isOver(error)) return;
      this.#layer.reportError(error);
      // A task that can never begin, since its record cannot be read, must not keep other tasks from being adopted.
      this.#failedUntilMs.set(task.taskId, this.#layer.clock.nowMs() + this.#layer.settings.leaseMs);
    }
  }

  /** Drop a run that no longer writes: it needs neither heartbeat nor hub nor expiry. */
  #drop(run: Run): void {
    this.#watch.remove(run);
    if (this.#active.get(run.taskId) !== run) return;
    this.#active.delete(run.taskId);
    if (this.#active.size === 0) this.#watch.disarm();
  }

  /** Read the task, unless it is known, and claim it. */
  async #begin({ taskId, handler }: QueuedTask, slot: RunSlot, fresh?: FreshTask): Promise<Run | undefined> {
    const tool = this.#layer.registry.tools.get(handler);
    if (tool === undefined) return undefined;
    // Other processes cannot have taken a task that was created just now.
    if (fresh === undefined) await this.#layer.caughtUp();
    const known = fresh ?? (await readForRun(this.#layer, taskId));
    if (known === undefined) return undefined;
    const wasQueuedHere = this.#queued.has(taskId);
    const { trace } = known.entries.call;
    const claim = await claimForRun(this.#layer, known.head, tool);
    announce(this.#layer, claim, trace);
    if (claim.value.status !== 'claimed') {
      const hasEnded = claim.wrote && claim.value.status !== 'not-due';
      if (hasEnded) tell(this.#layer, claim.head, trace, { type: 'settled', status: 'failed', isError: true });
      return undefined;
    }
    // Another process may have written between read and claim: an answer, for example.
    const isCurrent = claim.before.version === known.head.version;
    const run: Run = new Run(this.#layer, {
      tool,
      head: claim.head,
      lease: claim.value.lease,
      entries: isCurrent ? known.entries : await readAgain(this.#layer, taskId),
      slot,
      // This process authorized the call itself.
      mustAuthorize: !wasQueuedHere || claim.value.lease.attempt > 1,
      parsedArguments: fresh?.parsedArguments,
      onStop: () => {
        this.#drop(run);
      },
    });
    return run;
  }
}

function isOver(error: unknown): boolean {
  return TaskError.is(error, 'RUN_ENDED') || TaskError.is(error, 'TASK_NOT_FOUND');
}
