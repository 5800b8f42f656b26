import { describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS } from '../../src/index.ts';
import { grantTtl } from '../../src/rules.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

describe('grantTtl', () => {
  it('[SEC-06] [STOR-07] gives an hour where nobody asks, the tool its own, and what is configured', () => {
    expect(grantTtl({}, DEFAULT_LIMITS)).toEqual({ ttlMs: HOUR_MS });
    expect(grantTtl({ ttlMs: 5 * MINUTE_MS }, DEFAULT_LIMITS)).toEqual({ ttlMs: 5 * MINUTE_MS });
    expect(grantTtl({}, { ...DEFAULT_LIMITS, defaultTtlMs: 7 * MINUTE_MS })).toEqual({ ttlMs: 7 * MINUTE_MS });
  });

  it('[SEC-05] never gives less than the minimum, by default a minute, whoever asks for less', () => {
    for (const ttlMs of [1, MINUTE_MS - 1, MINUTE_MS]) {
      const requested = { ttlMs: MINUTE_MS, ttlRequested: true };
      expect(grantTtl({ requestedTtlMs: ttlMs, ttlMs: HOUR_MS }, DEFAULT_LIMITS)).toEqual(requested);
      expect(grantTtl({ ttlMs }, DEFAULT_LIMITS)).toEqual({ ttlMs: MINUTE_MS });
      expect(grantTtl({}, { ...DEFAULT_LIMITS, defaultTtlMs: ttlMs })).toEqual({ ttlMs: MINUTE_MS });
      expect(grantTtl({ ttlMs }, { ...DEFAULT_LIMITS, minTtlMs: 1 })).toEqual({ ttlMs });
    }
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
    const limits = { ...DEFAULT_LIMITS, minTtlMs: 1 };
    expect(grantTtl({ requestedTtlMs: 1, ttlMs: 9 }, limits)).toEqual({ ttlMs: 1, ttlRequested: true });
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
