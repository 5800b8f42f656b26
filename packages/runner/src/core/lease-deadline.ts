import type { Clock } from '@mcp-tasks/store';

/** Share of a lease within which its holder relies on it: clocks of two machines do not run alike to the last percent. */
const TRUSTED_SHARE = 0.95;

/** Read the monotonic time of a clock, in milliseconds: it goes on evenly, also while `nowMs` jumps. */
export function monotonicMs(clock: Clock): number {
  return clock.monotonicMs?.() ?? clock.nowMs();
}

/**
 * Compute until when the holder of a lease relies on it, on the monotonic timer of its process. It counts from the
 * instant at which the request was sent: the store cannot have begun the lease earlier.
 */
export function leaseDeadlineMs(sentAtMs: number, leaseMs: number): number {
  return sentAtMs + leaseMs * TRUSTED_SHARE;
}
