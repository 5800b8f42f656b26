import { TaskError } from '@mcp-tasks/store';
import type { Clock } from '@mcp-tasks/store';

/** Waits before a call of the store is sent again. */
const RESEND_DELAYS_MS = [20, 100, 500] as const;

/** Call the store; after a failure that may pass, or a lost answer, send the same call again, a few times. */
export async function resend<Answer>(clock: Clock, send: () => Promise<Answer>): Promise<Answer> {
  for (const delayMs of RESEND_DELAYS_MS) {
    try {
      return await send();
    } catch (error) {
      if (!TaskError.is(error) || !error.retryable) throw error;
      await new Promise<void>((resolve) => clock.after(delayMs, resolve));
    }
  }
  return send();
}
