import type { RequestLimiter } from '@mcp-tasks/server';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';

/**
 * A limit of requests that concern tasks, by a library. The same with `RateLimiterRedis` or `RateLimiterPostgres` holds
 * for all processes of a server together. Callers without an owner are told apart by what their proxy says of them.
 */
export function limitRequests(limit: { readonly requests: number; readonly inSeconds: number }): RequestLimiter {
  const limiter = new RateLimiterMemory({ points: limit.requests, duration: limit.inSeconds });
  return async ({ owner, context }) => {
    try {
      await limiter.consume(owner ?? context.request?.headers.get('x-forwarded-for') ?? 'unknown');
      return undefined;
    } catch (refused) {
      if (refused instanceof RateLimiterRes) return refused.msBeforeNext;
      throw refused;
    }
  };
}
