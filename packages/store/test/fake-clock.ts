import type { Clock } from '../src/index.ts';
import { T0_MS } from './heads.ts';

/** A clock that stands still until a test turns it. */
export interface FakeClock extends Clock {
  /** Timers that have not fired. */
  readonly timers: number;
  /** Move the present without firing anything. */
  setMs(nowMs: number): void;
  /** Go forward, firing timers at their instants; what they start runs before the next one. */
  advance(ms: number): Promise<void>;
}

export function fakeClock(startMs = T0_MS): FakeClock {
  let nowMs = startMs;
  const timers = new Set<{ readonly atMs: number; readonly callback: () => void }>();
  return {
    nowMs: () => nowMs,
    setMs(toMs) {
      nowMs = toMs;
    },
    after(delayMs, callback) {
      const timer = { atMs: nowMs + delayMs, callback };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    get timers() {
      return timers.size;
    },
    async advance(ms) {
      const untilMs = nowMs + ms;
      await settled();
      for (;;) {
        const [timer] = [...timers].filter(({ atMs }) => atMs <= untilMs).sort((one, other) => one.atMs - other.atMs);
        if (timer === undefined) break;
        timers.delete(timer);
        nowMs = Math.max(nowMs, timer.atMs);
        timer.callback();
        await settled();
      }
      nowMs = untilMs;
    },
  };
}

/** Let everything run that waits for nothing but the event loop: two turns, since a turn may start another. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 2; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
