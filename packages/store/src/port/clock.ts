/** Time as everything above a store sees it: one per process, passed in, so that tests can turn it. */
export interface Clock {
  /** Milliseconds since 1970-01-01 UTC; never runs backwards. */
  nowMs(): number;
  /**
   * Call `callback` once after `delayMs` (any length; longer than 2^31 ms does not overflow).
   * Does not keep the process alive.
   *
   * @returns cancels the timer; safe to call twice and after it fired.
   */
  after(delayMs: number, callback: () => void): () => void;
}

const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * The clock of the operating system, made monotonic.
 *
 * @example
 * const clock = systemClock();
 * const cancel = clock.after(1_000, () => console.log(clock.nowMs()));
 * cancel();
 */
export function systemClock(): Clock {
  let latestMs = 0;
  return {
    nowMs() {
      latestMs = Math.max(latestMs, Date.now());
      return latestMs;
    },
    after(delayMs, callback) {
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
    },
  };
}
