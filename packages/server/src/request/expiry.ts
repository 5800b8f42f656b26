import { type Clock, TaskError } from '@mcp-tasks/store';
import type { AuthInfo } from '@modelcontextprotocol/server';

/**
 * Call back once the caller's token has expired (`authInfo.expiresAt`); never for a caller whose token does not say
 * when.
 *
 * @returns stops; safe to call twice and after it called back.
 */
export function whenExpired(clock: Clock, authInfo: AuthInfo | undefined, expired: () => void): () => void {
  const expiresAtSeconds = authInfo?.expiresAt;
  if (typeof expiresAtSeconds !== 'number' || !Number.isFinite(expiresAtSeconds)) return () => undefined;
  return clock.after(Math.max(0, expiresAtSeconds * 1_000 - clock.nowMs()), expired);
}

/** The answer to a request that still waits when its caller's token expires. */
export function authExpired(): TaskError {
  return new TaskError(
    'AUTH_EXPIRED',
    'The token of this request has expired. Get a new one and send the request again.',
  );
}
