/**
 * Where queued tasks become runs of this process. A process with a free slot claims what is due, from the store that
 * all processes share. So a queued task needs no lease, a crash leaves nothing to release, and an idle process takes
 * its share. One claim is under way at a time. No section of the specification decides this.
 */
import { type ClaimOutcome, type ClaimTasks, newWriteId, type TaskHint } from '@mcp-tasks/store';
import { CLIENT_RESEND_MS, resend } from '@mcp-tasks/store/rules';
import type { RunSlot } from '../api/executor.ts';
import { leaseDeadlineMs, monotonicMs } from '../core/lease-deadline.ts';
import type { TaskLayer } from '../core/task-layer.ts';
import { RUN_ENTRY_KINDS } from '../handler/task-entries.ts';
import type { ClockWatch } from './clock-watch.ts';
import type { Runs } from './runs.ts';
import type { Slots } from './slots.ts';

/** Time between two looks for due tasks while the store gives no hints, and while it does. */
const POLL_MS = 1_000;
const WATCHED_POLL_MS = 15_000;

/** Parts of {@link Dispatcher}. */
export interface DispatcherOptions {
  readonly layer: TaskLayer;
  readonly slots: Slots;
  readonly runs: Runs;
  readonly clockWatch: ClockWatch;
  /** Renew all leases now: a claim was answered late. */
  readonly renew: () => void;
}

/** Share of a lease within which a claim is sent again. */
const RESENT_SHARE = 0.9;

/** Claims due tasks for the free slots of this process. */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  #isRunning = false;
  #claiming: Promise<void> | undefined;
  /** True when a claim is wanted as soon as one may be made. */
  #isWanted = false;
  /** True when the last claim left due tasks, or none was made yet: a new task waits its turn behind them. */
  #mayWait = true;
  #hasFailed = false;
  #lastOwner: string | undefined;
  /** Fires at an instant of the monotonic timer. */
  #timer: { readonly atMs: number; readonly cancel: () => void } | undefined;

  constructor(options: DispatcherOptions) {
    this.#options = options;
    options.slots.onFree = () => {
      if (this.#mayWait) this.#wake();
    };
  }

  /** Begin. Resolves after the first claim, when it is known whether tasks wait; a store that fails holds up no start. */
  async start(): Promise<void> {
    this.#isRunning = true;
    this.#begin();
    let cancel: () => void = () => undefined;
    const patience = new Promise<void>((resolve) => {
      cancel = this.#options.layer.clock.after(CLIENT_RESEND_MS, resolve);
    });
    await Promise.race([this.#claiming, patience]);
    cancel();
  }

  /** Claim nothing more. Resolves when no claim is under way. */
  async stop(): Promise<void> {
    this.#isRunning = false;
    this.#timer?.cancel();
    this.#timer = undefined;
    await this.#claiming;
  }

  /**
   * Take a slot for a task that is about to be created, so that its create claims it too. `undefined` when the task has
   * to wait: no slot is free that no claim is for, other tasks wait, or its owner has its share. After time moved it need
   * not wait for a renewal: no other process can have a task that is created now.
   */
  takeSlot(owner: string): RunSlot | undefined {
    const { slots } = this.#options;
    if (!this.#isRunning || this.#claiming !== undefined || this.#mayWait || this.#isWanted) return undefined;
    if (slots.free === 0 || slots.roomOf(owner) === 0) return undefined;
    return slots.take(owner);
  }

  /** Take note of a task that is due, or will be. */
  onDue({ handler, queue, atMs }: NonNullable<TaskHint['due']>): void {
    const { layer } = this.#options;
    if (!this.#isRunning || queue !== layer.executor.queue || !layer.registry.tools.has(handler)) return;
    const delayMs = atMs - layer.clock.nowMs();
    if (delayMs <= 0) this.#wake();
    else this.#wakeIn(delayMs);
  }

  /** Look again after time moved. */
  timeMoved(): void {
    if (this.#isRunning) this.#wake();
  }

  /** Claim in a turn of its own: by then the slots of runs that ended together are free. */
  #wake(): void {
    if (!this.#isRunning || this.#isWanted) return;
    this.#isWanted = true;
    if (this.#claiming === undefined)
      setImmediate(() => {
        this.#begin();
      });
  }

  #begin(): void {
    if (!this.#isRunning || this.#claiming !== undefined) return;
    this.#isWanted = false;
    this.#claiming = this.#claimAll()
      .then(
        () => {
          this.#hasFailed = false;
        },
        (error: unknown) => {
          this.#mayWait = true;
          // While the store is away, each look fails: once is enough to know.
          if (!this.#hasFailed) this.#options.layer.reportError(error);
          this.#hasFailed = true;
        },
      )
      .then(() => {
        this.#claiming = undefined;
        this.#setPoll();
        if (this.#isWanted)
          setImmediate(() => {
            this.#begin();
          });
      });
  }

  /** Claim until no slot is free, or fewer tasks are found than there are slots. */
  async #claimAll(): Promise<void> {
    const { layer, slots } = this.#options;
    for (;;) {
      this.#mayWait = true;
      await layer.caughtUp();
      if (!this.#isRunning || slots.free === 0 || layer.registry.tools.size === 0) return;
      const claim = this.#request();
      const { records, nextDueAtMs } = await this.#claim(claim);
      const nextDueInMs = nextDueAtMs === null ? Infinity : nextDueAtMs - layer.clock.nowMs();
      const isAnyLeft = nextDueInMs <= 0;
      this.#mayWait = isAnyLeft;
      if (!isAnyLeft && nextDueInMs < Infinity) this.#wakeIn(nextDueInMs);
      // Tasks that such a claim leaves wait for their owner's share, or for a suspect's turn.
      if (!isAnyLeft || records.length < claim.limit) return;
    }
  }

  async #claim(claim: Omit<ClaimTasks, 'nowMs'>): Promise<ClaimOutcome> {
    const { layer, runs, slots } = this.#options;
    const { store, clock } = layer;
    const send = () => store.claim({ ...claim, nowMs: clock.nowMs() });
    const sentAtMs = monotonicMs(clock);
    const outcome = await send().catch((error: unknown) =>
      // Sent again with its id, the claim answers what it claimed, and claims nothing more.
      resend(clock, send, error, { forMs: claim.leaseMs * RESENT_SHARE, isWanted: () => this.#isRunning }),
    );
    this.#lastOwner = outcome.lastOwner ?? this.#lastOwner;
    const deadlineMs = leaseDeadlineMs(sentAtMs, claim.leaseMs);
    for (const record of outcome.records) {
      runs.beginClaimed({ record, slot: slots.take(record.head.owner), leaseDeadlineMs: deadlineMs });
    }
    const isLate = monotonicMs(clock) - sentAtMs > claim.leaseMs / 3;
    if (isLate && outcome.records.length > 0) this.#options.renew();
    return outcome;
  }

  #request(): Omit<ClaimTasks, 'nowMs'> {
    const { layer, slots, runs, clockWatch } = this.#options;
    return {
      handlers: runs.claimHandlers(),
      queues: [layer.executor.queue],
      holder: layer.holder,
      writeId: newWriteId(),
      leaseMs: layer.settings.leaseMs,
      limit: slots.free,
      perOwner: slots.maxPerOwner,
      owners: slots.rooms(),
      afterOwner: this.#lastOwner,
      suspects: runs.hasSuspect() ? 0 : 1,
      takesLostRuns: !clockWatch.isCautious,
      kinds: RUN_ENTRY_KINDS,
    };
  }

  /** Look again after a while, whatever hints come. */
  #setPoll(): void {
    const { layer, slots } = this.#options;
    const { hub } = layer;
    if (!this.#isRunning) return;
    hub.listen((hint) => {
      if (hint.due !== undefined) this.onDue(hint.due);
    });
    // What was left may have been locked by another writer at that moment: no hint says when that is over.
    const mayClaim = this.#mayWait && slots.free > 0;
    this.#wakeIn(jittered(hub.isWatched && !mayClaim ? WATCHED_POLL_MS : POLL_MS));
  }

  /** Look again after this time, or earlier when that was wanted before. */
  #wakeIn(delayMs: number): void {
    const { clock } = this.#options.layer;
    const atMs = monotonicMs(clock) + Math.max(1, delayMs);
    if (this.#timer !== undefined && this.#timer.atMs <= atMs) return;
    this.#timer?.cancel();
    const cancel = clock.after(Math.max(1, delayMs), () => {
      this.#timer = undefined;
      this.#wake();
    });
    this.#timer = { atMs, cancel };
  }
}

/** Vary a time at random: processes that started together must not call the store together. */
function jittered(ms: number): number {
  return Math.max(1, Math.round(ms * (0.75 + Math.random() / 4)));
}
