import type { Clock } from '@mcp-tasks/store';

/** A clock that stands still until a test turns it. */
export interface FakeClock extends Clock {
  /** Go forward and call what has become due, in order of time. */
  advance(ms: number): void;
  /** How many timers wait. */
  readonly timers: number;
}

/**
 * Make a clock that shows `startMs` (milliseconds since 1970-01-01 UTC) until it is turned.
 *
 * @example
 * const clock = fakeClock(Date.UTC(2026, 0, 1));
 * clock.after(1_000, () => console.log('a second has passed'));
 * await clock.advance(1_000);
 */
export function fakeClock(startMs: number): FakeClock {
  let nowMs = startMs;
  const timers = new Set<{ readonly atMs: number; readonly callback: () => void }>();
  return {
    nowMs: () => nowMs,
    after(delayMs, callback) {
      const timer = { atMs: nowMs + Math.max(0, delayMs), callback };
      timers.add(timer);
      return () => {
        timers.delete(timer);
      };
    },
    advance(ms) {
      nowMs += ms;
      const due = [...timers].filter(({ atMs }) => atMs <= nowMs).sort((one, other) => one.atMs - other.atMs);
      for (const timer of due) {
        // A callback may have cancelled a later one.
        if (timers.delete(timer)) timer.callback();
      }
    },
    get timers() {
      return timers.size;
    },
  };
}
