import type { Clock } from '@mcp-tasks/store';

/** A clock that stands still until a test turns it. */
export interface FakeClock extends Clock {
  /** Timers that have not fired. */
  readonly timers: number;
  /**
   * Go forward, firing timers in their order, each at its own instant. Work that a timer starts gets time to run before
   * the next timer fires, as far as it waits for promises only.
   */
  advance(ms: number): Promise<void>;
}

interface Timer {
  readonly atMs: number;
  readonly callback: () => void;
}

/**
 * Make a clock for tests.
 *
 * @param startMs - the first reading, milliseconds since 1970-01-01 UTC; default 2026-01-01.
 * @throws {RangeError} (from `advance`) a negative or fractional number of milliseconds.
 *
 * @example
 * const clock = fakeClock(Date.UTC(2026, 0, 1));
 * clock.after(1_000, () => console.log('a second has passed'));
 * await clock.advance(1_000);
 */
export function fakeClock(startMs: number = Date.UTC(2026, 0, 1)): FakeClock {
  let nowMs = startMs;
  const timers = new Set<Timer>();
  const next = (untilMs: number) => {
    let first: Timer | undefined;
    for (const timer of timers)
      if (timer.atMs <= untilMs && (first === undefined || timer.atMs < first.atMs)) first = timer;
    return first;
  };
  return {
    nowMs: () => nowMs,
    after(delayMs, callback) {
      const timer = { atMs: nowMs + Math.max(0, delayMs), callback };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    get timers() {
      return timers.size;
    },
    async advance(ms) {
      if (!Number.isSafeInteger(ms) || ms < 0)
        throw new RangeError(`advance must be given whole milliseconds from 0, not ${ms}.`);
      const untilMs = nowMs + ms;
      await settled();
      for (let timer = next(untilMs); timer !== undefined; timer = next(untilMs)) {
        timers.delete(timer);
        nowMs = Math.max(nowMs, timer.atMs);
        timer.callback();
        await settled();
      }
      nowMs = untilMs;
      await settled();
    },
  };
}

/**
 * Turns of the event loop for the work of one timer: a waiter hub reads in a turn of its own, and its waiters act in
 * the next.
 */
const TURNS = 4;

/** Let all work run that waits for promises only. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < TURNS; turn++) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}
