import { type Clock, systemClock } from '../port/clock.ts';
import type { TaskStore } from '../port/task-store.ts';

const SAMPLES = 3;

/**
 * What a measurement found: the server's time went on evenly; it fell back by more than a lease; or it grew ahead by more
 * than a third of one, so that leases which others still hold may look as if they had ended.
 */
export type ClockChange = 'steady' | 'fell' | 'grew';

/** A clock on the time base of a store's server. */
export interface ServerClock extends Clock {
  /**
   * Measure the offset anew; nothing happens with a store that has no time of its own.
   *
   * Of three questions the one with the shortest round trip counts. The first measurement takes half of it for the way back;
   * each later one moves the offset no further than it must: what a slow answer leaves open changes nothing.
   *
   * @returns `steady` for the first measurement, whatever it finds.
   * @throws {TaskError} STORE_UNAVAILABLE - the offset stays as it was.
   */
  measure(): Promise<ClockChange>;
}

/** Options of {@link serverClock}. */
export interface ServerClockOptions {
  /** Default {@link systemClock}. */
  readonly base?: Clock | undefined;
  /** How long the leases of the process last, in milliseconds. */
  readonly leaseMs: number;
}

/** Where the offset of a server lies: the answer left it at some instant of the round trip. */
interface Sample {
  readonly lowestMs: number;
  readonly highestMs: number;
}

/**
 * Add the measured offset of a store's server to a clock, so that all processes on one store share a time base.
 *
 * After the offset fell by up to a lease, time stands still until it has caught up, so that it does not run backwards. What
 * is more, and the first measurement, is taken over at once: a process that stayed ahead would hold its leases for others
 * to wait for, and see theirs as ended.
 */
export function serverClock(
  store: Pick<TaskStore, 'serverTimeMs'>,
  { base = systemClock(), leaseMs }: ServerClockOptions,
): ServerClock {
  let offsetMs = 0;
  let latestMs = -Infinity;
  let isMeasured = false;

  const takeOver = ({ lowestMs, highestMs }: Sample): ClockChange => {
    const beforeMs = offsetMs;
    const wanted = isMeasured ? Math.min(highestMs, Math.max(lowestMs, offsetMs)) : (lowestMs + highestMs) / 2;
    offsetMs = Math.round(wanted);
    const change = isMeasured ? changeOf(offsetMs - beforeMs, leaseMs) : 'steady';
    if (!isMeasured || change === 'fell') latestMs = -Infinity;
    isMeasured = true;
    return change;
  };
  return {
    nowMs() {
      latestMs = Math.max(latestMs, base.nowMs() + offsetMs);
      return latestMs;
    },
    after: (delayMs, callback) => base.after(delayMs, callback),
    monotonicMs: () => base.monotonicMs?.() ?? base.nowMs(),
    ...(base.suspendedMs !== undefined && { suspendedMs: () => base.suspendedMs?.() ?? 0 }),
    async measure() {
      if (store.serverTimeMs === undefined) return 'steady';
      let best: Sample | undefined;
      for (let count = 0; count < SAMPLES; count += 1) {
        const askedAtMs = base.nowMs();
        const serverTimeMs = await store.serverTimeMs();
        const sample = { lowestMs: serverTimeMs - base.nowMs(), highestMs: serverTimeMs - askedAtMs };
        if (best === undefined || widthMs(sample) < widthMs(best)) best = sample;
      }
      return best === undefined ? 'steady' : takeOver(best);
    },
  };
}

const widthMs = ({ lowestMs, highestMs }: Sample): number => highestMs - lowestMs;

function changeOf(movedMs: number, leaseMs: number): ClockChange {
  if (movedMs < -leaseMs) return 'fell';
  return movedMs > leaseMs / 3 ? 'grew' : 'steady';
}
