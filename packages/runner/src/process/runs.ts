import { TaskError, type TaskHead, type TaskLease } from '@mcp-tasks/store';
import { rules } from '@mcp-tasks/store/rules';
import { type ExecutorHost, type QueuedTask, queuedTask, type RunSlot } from '../api/executor.ts';
import { announce, type TaskLayer, tell, writeByRule } from '../core/task-layer.ts';
import { lostBecause } from '../handler/run-end.ts';
import { claimForRun, type FreshTask, readAgain, readForRun } from '../run/begin-run.ts';
import { Run } from '../run/stored-run.ts';
import { RunWatch } from './run-watch.ts';

/** The runs of this process, and the tasks that it holds for a run to come. */
export class Runs implements ExecutorHost {
  readonly #layer: TaskLayer;
  /** Runs that may still write, by task. */
  readonly #active = new Map<string, Run>();
  /** Runs whose handler has not returned, the given-up ones left out. */
  readonly #going = new Set<Promise<void>>();
  /** Leases of tasks that were created here and wait for a slot. */
  readonly #queued = new Map<string, TaskLease>();
  readonly #claiming = new Set<string>();
  /** Known only while the executor takes its submission: a queue holds ids only. */
  #fresh: FreshTask | undefined;
  /** Tasks whose run could not begin, and until when recovery leaves them alone. */
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

  /** Tasks that recovery has to leave alone: this process cares for them already, or could not begin them lately. */
  notToAdopt(): ReadonlySet<string> {
    const nowMs = this.#layer.clock.nowMs();
    for (const [taskId, untilMs] of this.#failedUntilMs) if (untilMs <= nowMs) this.#failedUntilMs.delete(taskId);
    return new Set([...this.#active.keys(), ...this.#queued.keys(), ...this.#claiming, ...this.#failedUntilMs.keys()]);
  }

  /** Every lease that the heartbeat has to renew. */
  leases(): readonly TaskLease[] {
    return [...[...this.#active.values()].map(({ lease }) => lease), ...this.#queued.values()];
  }

  /** A lease was not renewed: this is the head that is there now. */
  lost(taskId: string, head: TaskHead | undefined): void {
    this.#active.get(taskId)?.onHead(head);
    const queued = this.#queued.get(taskId);
    if (queued !== undefined && lostBecause(queued, head) !== undefined) this.#queued.delete(taskId);
  }

  /** Time moved: what expires by the new time ends now, the rest in its time. */
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

  /** Give back, at once, tasks that were queued and not begun. */
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

  /** The time for draining is over, for runs whose claim is still under way too. */
  async shutDown(): Promise<void> {
    this.#isShutDown = true;
    await Promise.all([...this.#active.values()].map((run) => run.shutDown()));
  }

  /** Resolves when no handler is going on. */
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
      // One that can never begin, for a record that cannot be read, must not keep others from being adopted.
      this.#failedUntilMs.set(task.taskId, this.#layer.clock.nowMs() + this.#layer.settings.leaseMs);
    }
  }

  /** A run that writes no more: neither heartbeat nor hub nor expiry are for it. */
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
    // Nobody else has seen a task that was created just now.
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
    // Somebody may have written between read and claim: an answer, perhaps.
    const isCurrent = claim.before.version === known.head.version;
    const run: Run = new Run(this.#layer, {
      tool,
      head: claim.head,
      lease: claim.value.lease,
      entries: isCurrent ? known.entries : await readAgain(this.#layer, taskId),
      slot,
      // The call itself was authorized in this process.
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
