import { describe, expect, it } from 'vitest';
import { TokenBuckets } from '../../src/core/token-buckets.ts';
import { Turns } from '../../src/core/turns.ts';
import { fakeClock } from '../../src/testing.ts';

const NEVER = new AbortController().signal;

describe('[BOUN-03] a token bucket', () => {
  it('gives its burst at once, then as many as it fills with, and says how long to wait', async () => {
    const clock = fakeClock();
    const buckets = new TokenBuckets(clock, { burst: 3, perSecond: 4 });
    expect([1, 2, 3, 4].map(() => buckets.take('alice'))).toEqual([undefined, undefined, undefined, 250]);
    await clock.advance(249);
    expect(buckets.take('alice')).toBe(1);
    await clock.advance(1);
    expect([buckets.take('alice'), buckets.take('alice')]).toEqual([undefined, 250]);
    expect(buckets.take('bob')).toBeUndefined();
  });

  it('never holds more than its burst, however long it was left alone', async () => {
    const clock = fakeClock();
    const buckets = new TokenBuckets(clock, { burst: 2, perSecond: 1 });
    buckets.take('alice');
    await clock.advance(60_000);
    expect([1, 2, 3].map(() => buckets.take('alice'))).toEqual([undefined, undefined, 1_000]);
  });

  it('is forgotten once it is full again', async () => {
    const clock = fakeClock();
    const buckets = new TokenBuckets(clock, { burst: 2, perSecond: 1 });
    for (let owner = 0; owner < 1_000; owner++) buckets.take(String(owner));
    expect(buckets.count).toBe(1_000);
    await clock.advance(2_000);
    buckets.take('alice');
    expect(buckets.count).toBe(1);
  });
});

describe('[BOUN-03] turns', () => {
  it('are taken in order, at most so many at once, and a place given back twice is one place', async () => {
    const turns = new Turns(1);
    const leave = turns.take(NEVER) as () => void;
    const order: string[] = [];
    const waiting = ['first', 'second'].map(async (name) => {
      const done = await turns.take(NEVER);
      order.push(name);
      return done;
    });
    leave();
    leave();
    const leaveFirst = await waiting[0];
    expect(order).toEqual(['first']);
    leaveFirst?.();
    await waiting[1];
    expect(order).toEqual(['first', 'second']);
  });

  it('are given up by who leaves, before or while waiting', async () => {
    const turns = new Turns(1);
    const leave = turns.take(NEVER) as () => void;
    const leaving = new AbortController();
    const left = turns.take(leaving.signal);
    const next = turns.take(NEVER);
    const reason = new Error('gone');
    leaving.abort(reason);
    await expect(left).rejects.toBe(reason);
    await expect(turns.take(leaving.signal)).rejects.toBe(reason);
    leave();
    (await next)();
    expect(turns.take(NEVER)).toBeTypeOf('function');
  });
});
