import type { Clock } from '@mcp-tasks/store';

/** A clock that knows how many of its timers have not fired, so that a test can find timers that are left. */
export interface CountedClock extends Clock {
  readonly timers: number;
}

/** Count the timers of a clock. */
export function countedClock(clock: Clock): CountedClock {
  let timers = 0;
  return {
    get timers() {
      return timers;
    },
    nowMs: () => clock.nowMs(),
    monotonicMs: () => clock.monotonicMs?.() ?? clock.nowMs(),
    after(delayMs, callback) {
      let isPending = true;
      const settle = () => {
        if (isPending) timers--;
        isPending = false;
      };
      timers++;
      const cancel = clock.after(delayMs, () => {
        settle();
        callback();
      });
      return () => {
        settle();
        cancel();
      };
    },
  };
}
