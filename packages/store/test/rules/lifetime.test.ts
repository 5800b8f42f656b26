import { describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS } from '../../src/index.ts';
import { grantTtl } from '../../src/rules.ts';

const HOUR_MS = 3_600_000;

describe('grantTtl', () => {
  it('[SEC-06] [STOR-07] gives an hour where nobody asks, the tool its own, and what is configured', () => {
    expect(grantTtl({}, DEFAULT_LIMITS)).toEqual({ ttlMs: HOUR_MS });
    expect(grantTtl({ ttlMs: 5 }, DEFAULT_LIMITS)).toEqual({ ttlMs: 5 });
    expect(grantTtl({}, { ...DEFAULT_LIMITS, defaultTtlMs: 7 })).toEqual({ ttlMs: 7 });
  });

  it('[SEC-05] [STOR-07] never gives more than the maximum, by default a day', () => {
    expect(grantTtl({ requestedTtlMs: Number.MAX_SAFE_INTEGER }, DEFAULT_LIMITS)).toEqual({
      ttlMs: 24 * HOUR_MS,
      ttlRequested: true,
    });
    expect(grantTtl({ ttlMs: 30 * 24 * HOUR_MS }, DEFAULT_LIMITS)).toEqual({ ttlMs: 24 * HOUR_MS });
    const month = { ...DEFAULT_LIMITS, maxTtlMs: 30 * 24 * HOUR_MS };
    expect(grantTtl({ requestedTtlMs: month.maxTtlMs }, month)).toEqual({
      ttlMs: 30 * 24 * HOUR_MS,
      ttlRequested: true,
    });
  });

  it('[INTG-09] gives the client what it asked for, also when the tool has its own', () => {
    expect(grantTtl({ requestedTtlMs: 1, ttlMs: 9 }, DEFAULT_LIMITS)).toEqual({ ttlMs: 1, ttlRequested: true });
  });

  it.each([0, -1, 1.5, NaN, Infinity, 1e300, 2 ** 53])(
    '[INTG-09] refuses a ttl of %d and names the field',
    (requestedTtlMs) => {
      expect(() => grantTtl({ requestedTtlMs }, DEFAULT_LIMITS)).toThrow(
        expect.objectContaining({ code: 'INVALID_TTL', message: expect.stringContaining('task.ttl') as string }),
      );
    },
  );
});
