import { uptime } from 'node:os';

/** Time as all layers above a store see it: one clock per process, passed in, so that tests can turn it. */
export interface Clock {
  /** Milliseconds since 1970-01-01 UTC, whole. */
  nowMs(): number;
  /**
   * Call `callback` once after `delayMs` (any length; longer than 2^31 ms does not overflow).
   * Does not keep the process alive.
   *
   * @returns cancels the timer; safe to call twice and after it fired.
   */
  after(delayMs: number, callback: () => void): () => void;
  /**
   * Milliseconds since any instant, to measure elapsed time: they grow evenly, also when `nowMs` jumps to another time
   * base. Absent = `nowMs` never jumps.
   */
  monotonicMs?(): number;
  /**
   * Milliseconds for which the machine was suspended since the clock was made; each call looks anew. Timers stand still
   * during a suspension. Absent = the clock cannot tell.
   */
  suspendedMs?(): number;
}

/** Where {@link systemClock} reads time, in milliseconds. */
export interface ClockSources {
  /** Since 1970-01-01 UTC. Read once, when the clock is made. Default `Date.now`. */
  readonly wallMs: () => number;
  /** Since any instant; grows evenly, also when the wall clock is set. Default `performance.now`. */
  readonly monotonicMs: () => number;
  /** Since the machine started, suspension included; NaN = unknown. Default `os.uptime`. */
  readonly bootMs: () => number;
}

const MAX_TIMER_MS = 2 ** 31 - 1;
/** Some systems tell their uptime in whole seconds: a smaller difference does not count as a suspension. */
const MIN_SUSPENSION_MS = 2_000;
/** Reading the uptime takes a system call, and callers read the time thousands of times a second. */
const LOOK_INTERVAL_MS = 1_000;

const SYSTEM: ClockSources = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  bootMs: () => {
    try {
      return uptime() * 1_000;
    } catch {
      return NaN; // Deno tells it only with --allow-sys. Without it the clock sees no suspension.
    }
  },
};

/**
 * Make the clock of this process: the wall clock as it was at this call, moved on by the monotonic timer.
 *
 * A wall clock that is set later changes nothing. Where the monotonic timer stands still while the machine is
 * suspended, the uptime runs ahead of it, and the clock adds the difference. It does not see a suspension of less than
 * 2 s. It never runs backwards.
 *
 * @param sources - default: those of the operating system, each by itself.
 * @example
 * const clock = systemClock();
 * const cancel = clock.after(1_000, () => console.log(clock.nowMs()));
 * cancel();
 */
export function systemClock(sources: Partial<ClockSources> = {}): Clock {
  const { wallMs, monotonicMs, bootMs } = { ...SYSTEM, ...sources };
  const startMonotonicMs = monotonicMs();
  const startBootMs = bootMs();
  const startMs = wallMs();
  let suspendedMs = 0;
  let lookedAtMs = 0;

  const look = () => {
    // In this order, a process that is stopped between the two reads does not take that for a suspension.
    const bootedMs = bootMs() - startBootMs;
    lookedAtMs = monotonicMs() - startMonotonicMs;
    const aheadMs = bootedMs - lookedAtMs;
    if (aheadMs - suspendedMs >= MIN_SUSPENSION_MS) suspendedMs = aheadMs;
  };
  return {
    nowMs() {
      const ranMs = monotonicMs() - startMonotonicMs;
      if (ranMs - lookedAtMs >= LOOK_INTERVAL_MS) look();
      return Math.floor(startMs + ranMs + suspendedMs);
    },
    monotonicMs,
    suspendedMs() {
      look();
      return suspendedMs;
    },
    after: systemTimer,
  };
}

function systemTimer(delayMs: number, callback: () => void): () => void {
  let timer: NodeJS.Timeout;
  let leftMs = Math.max(0, delayMs);
  const arm = () => {
    const partMs = Math.min(leftMs, MAX_TIMER_MS);
    leftMs -= partMs;
    timer = setTimeout(leftMs > 0 ? arm : callback, partMs);
    timer.unref();
  };
  arm();
  return () => {
    clearTimeout(timer);
  };
}
