/**
 * One time base for all processes on one store. Leases and expiries of one process are judged by others, so their
 * clocks must agree; the clocks of machines do not. So each process adds the measured offset of the store's server to
 * its own clock. How large an offset is, and how far it moved, decides whether leases can still be trusted. No section
 * of the specification decides this.
 */
import { type Clock, systemClock } from '../port/clock.ts';
import type { TaskStore } from '../port/task-store.ts';

const SAMPLES = 3;

/**
 * Result of a measurement.
 *
 * - `steady`: the server's time went on evenly.
 * - `fell`: it fell back by more than a lease.
 * - `grew`: it grew ahead by more than a third of a lease. Leases that other processes still hold may look as if they
 *   had ended.
 */
export type ClockChange = 'steady' | 'fell' | 'grew';

/** A clock on the time base of a store's server. */
export interface ServerClock extends Clock {
  /**
   * Measure the offset anew; does nothing with a store that has no time of its own.
   *
   * It asks the server three times, and the answer with the shortest round trip counts. The first measurement takes
   * half of the round trip for the way back. Each later one moves the offset no further than it must: a slow answer,
   * which leaves a range of offsets open, does not move an offset within that range.
   *
   * @returns `steady` for the first measurement, always.
   * @throws {TaskError} STORE_UNAVAILABLE - the offset stays as it was.
   */
  measure(): Promise<ClockChange>;
}

/** Options of {@link serverClock}. */
export interface ServerClockOptions {
  /** Default {@link systemClock}. */
  readonly base?: Clock | undefined;
  /** Length of the leases of the process, in milliseconds. */
  readonly leaseMs: number;
}

/** Bounds of the offset of a server: the answer left it at some instant of the round trip. */
interface Sample {
  readonly lowestMs: number;
  readonly highestMs: number;
}

/**
 * Add the measured offset of a store's server to a clock, so that all processes on one store share a time base.
 *
 * After the offset fell by up to a lease, time stands still until it has caught up, so that it does not run backwards.
 * A larger fall, and the first measurement, take effect at once. A process that stayed ahead would make others wait for
 * its leases, and would see theirs as ended.
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
