import type { Clock } from '../port/clock.ts';
import { TaskError } from '../port/task-error.ts';

/** Time for which a call that a client waits for is sent again. */
export const CLIENT_RESEND_MS = 2_000;

/** Pauses before a call of the store is sent again; the last one repeats. */
const PAUSES_MS = [20, 100, 500] as const;
const LAST_PAUSE_MS = 1_000;

/** Bounds of {@link resend}. */
export interface ResendOptions {
  /** Time within which the call is sent again, in milliseconds; default {@link CLIENT_RESEND_MS}. */
  readonly forMs?: number | undefined;
  /** Tell whether the answer is still wanted; default: it is. */
  readonly isWanted?: (() => boolean) | undefined;
}

/**
 * Send a call of the store again after a failure that may pass or may be a lost answer, for as long as the options say.
 *
 * The call must be safe to send twice: its change happens once.
 *
 * @param failure - the error of the first try.
 * @throws the failure, when it is not a retryable {@link TaskError}; else the error of the last try.
 */
export async function resend<Answer>(
  clock: Clock,
  send: () => Promise<Answer>,
  failure: unknown,
  { forMs = CLIENT_RESEND_MS, isWanted = () => true }: ResendOptions = {},
): Promise<Answer> {
  const startMs = monotonicMs(clock);
  let pausedMs = 0;
  let error = failure;
  for (let tryNumber = 0; ; tryNumber += 1) {
    const pauseMs = PAUSES_MS[tryNumber] ?? LAST_PAUSE_MS;
    const passedMs = Math.max(pausedMs, monotonicMs(clock) - startMs);
    const mayPass = TaskError.is(error) && error.retryable;
    if (!mayPass || passedMs + pauseMs > forMs || !isWanted()) throw error;
    await new Promise<void>((resolve) => clock.after(pauseMs, resolve));
    pausedMs += pauseMs;
    if (!isWanted()) throw error;
    try {
      return await send();
    } catch (again) {
      error = again;
    }
  }
}

function monotonicMs(clock: Clock): number {
  return clock.monotonicMs?.() ?? clock.nowMs();
}
