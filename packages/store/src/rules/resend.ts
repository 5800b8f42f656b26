import type { Clock } from '../port/clock.ts';
import { TaskError } from '../port/task-error.ts';

/** Pauses before a call of the store is sent again. */
const RESEND_DELAYS_MS = [20, 100, 500] as const;

/**
 * Send a call of the store again, up to three times, after a failure that may pass or may be a lost answer.
 *
 * The call must be safe to send twice: its change happens once.
 *
 * @param failure - the error of the first try.
 * @throws the failure, when it is not a retryable {@link TaskError}; else the error of the last try.
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
