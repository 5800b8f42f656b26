import { type Clock, systemClock } from '../port/clock.ts';
import type { TaskStore } from '../port/task-store.ts';

const SAMPLES = 3;

/** A clock on the time base of a store's server. */
export interface ServerClock extends Clock {
  /**
   * Measure the offset anew; nothing happens with a store that has no time of its own.
   *
   * Of three questions the one with the shortest round trip counts, with half of it taken for the way back.
   *
   * @throws {TaskError} STORE_UNAVAILABLE - the offset stays as it was.
   */
  measure(): Promise<void>;
}

/**
 * Add the measured offset of a store's server to a clock, so that all processes on one store share a time base.
 *
 * It never runs backwards: after the offset fell, time stands still until it has caught up.
 *
 * @param base - default {@link systemClock}.
 */
export function serverClock(store: Pick<TaskStore, 'serverTimeMs'>, base: Clock = systemClock()): ServerClock {
  let offsetMs = 0;
  let latestMs = -Infinity;
  return {
    nowMs() {
      latestMs = Math.max(latestMs, base.nowMs() + offsetMs);
      return latestMs;
    },
    after: (delayMs, callback) => base.after(delayMs, callback),
    async measure() {
      if (store.serverTimeMs === undefined) return;
      let best: { readonly offsetMs: number; readonly roundTripMs: number } | undefined;
      for (let sample = 0; sample < SAMPLES; sample += 1) {
        const askedAtMs = base.nowMs();
        const serverTimeMs = await store.serverTimeMs();
        const roundTripMs = base.nowMs() - askedAtMs;
        if (best !== undefined && best.roundTripMs <= roundTripMs) continue;
        best = { offsetMs: Math.round(serverTimeMs - (askedAtMs + roundTripMs / 2)), roundTripMs };
      }
      offsetMs = best?.offsetMs ?? offsetMs;
    },
  };
}
