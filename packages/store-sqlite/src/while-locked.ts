import { setTimeout as sleep } from 'node:timers/promises';
import type { TaskError } from '@mcp-tasks/store';
import { isLocked } from './errors.ts';

// Writers hold the lock for a commit only, and there is no queue for it: a process that looks often gets it.
const LONGEST_DELAY_MS = 10;

/** How {@link whileLocked} gives up. */
export interface Patience {
  /** How long to try, in milliseconds. */
  readonly timeoutMs: number;
  /** The error to fail with at once instead of waiting any longer. */
  readonly giveUp: () => TaskError | undefined;
}

/**
 * Call until the lock of another connection does not prevent it.
 *
 * SQLite waits for locks by sleeping, which would stop the event loop: the driver's own waiting is off, and the waiting
 * is done here. The delays are random, so that two processes do not keep meeting.
 *
 * @param startMs - from when on the time counts, as `performance.now()`; default: the present.
 * @throws {TaskError} STORE_UNAVAILABLE (retryable) - the lock outlasted `timeoutMs`; any other error of the call.
 */
export async function whileLocked<Value>(
  call: () => Value,
  { timeoutMs, giveUp }: Patience,
  startMs = performance.now(),
): Promise<Value> {
  for (let delayMs = 1; ; delayMs = Math.min(delayMs * 2, LONGEST_DELAY_MS)) {
    try {
      return call();
    } catch (error) {
      if (!isLocked(error)) throw error;
      const reason = giveUp();
      if (reason !== undefined) throw reason;
      if (performance.now() - startMs >= timeoutMs) throw error;
    }
    await sleep(Math.random() * delayMs);
  }
}
