import { type Clock, TaskError } from '@mcp-tasks/store';

/** Waits before a call of the store is sent again. */
const RESEND_DELAYS_MS = [20, 100, 500] as const;

/** After a failure of the store that may pass, or a lost answer, send the same call again, a few times. */
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
