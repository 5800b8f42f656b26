import type { Clock } from '../port/clock.ts';
import { TaskError } from '../port/task-error.ts';

/** Waits before a call of the store is sent again. */
const RESEND_DELAYS_MS = [20, 100, 500] as const;

/**
 * Send a call of the store again, up to three times, after a failure that may pass or may be a lost answer.
 *
 * The call must be one that changes nothing twice.
 *
 * @param failure - what the call failed with so far.
 * @throws the failure, when it is not a retryable {@link TaskError}; else that of the last time.
 */
export async function resend<Answer>(clock: Clock, send: () => Promise<Answer>, failure: unknown): Promise<Answer> {
  let error = failure;
  for (const delayMs of RESEND_DELAYS_MS) {
    if (!TaskError.is(error) || !error.retryable) throw error;
    await new Promise<void>((resolve) => clock.after(delayMs, resolve));
    try {
      return await send();
    } catch (again) {
      error = again;
    }
  }
  throw error;
}
