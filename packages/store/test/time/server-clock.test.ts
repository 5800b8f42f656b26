import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../src/index.ts';
import { serverClock } from '../../src/rules.ts';
import { T0_MS } from '../heads.ts';

describe('systemClock', () => {
  beforeEach(() => void vi.useFakeTimers({ now: T0_MS }));
  afterEach(() => void vi.useRealTimers());

  it('[DURA-07] never runs backwards', () => {
    const clock = systemClock();
    expect(clock.nowMs()).toBe(T0_MS);
    vi.setSystemTime(T0_MS - 5_000);
    expect(clock.nowMs()).toBe(T0_MS);
    vi.setSystemTime(T0_MS + 1);
    expect(clock.nowMs()).toBe(T0_MS + 1);
  });

  it('[INTG-09] fires once after 30 days, which is more than one timer of the system can hold', () => {
    const days30Ms = 30 * 24 * 3_600_000;
    const fire = vi.fn();
    systemClock().after(days30Ms, fire);
    vi.advanceTimersByTime(days30Ms - 1);
    expect(fire).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(fire).toHaveBeenCalledTimes(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('[INTG-09] can be told not to fire, at any time and twice', () => {
    const days30Ms = 30 * 24 * 3_600_000;
    const fire = vi.fn();
    const cancel = systemClock().after(days30Ms, fire);
    vi.advanceTimersByTime(days30Ms - 1);
    cancel();
    cancel();
    vi.advanceTimersByTime(days30Ms);
    expect(fire).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('serverClock', () => {
  /** A server whose clock is `aheadMs` ahead, asked over a network with these round trips, the way there as long as the way back. */
  function network(aheadMs: number, roundTripsMs: readonly number[]) {
    const state = { nowMs: T0_MS, asked: 0 };
    const base = { nowMs: () => state.nowMs, after: () => () => undefined };
    const server = {
      async serverTimeMs() {
        const roundTripMs = roundTripsMs[state.asked % roundTripsMs.length] ?? 0;
        state.asked += 1;
        state.nowMs += roundTripMs;
        return state.nowMs - roundTripMs / 2 + aheadMs;
      },
    };
    return { state, clock: serverClock(server, base), server };
  }

  it('[DURA-07] shows the time of the server, with half of the round trip taken off', async () => {
    const { state, clock } = network(5_000, [80]);
    await clock.measure();
    expect(clock.nowMs()).toBe(state.nowMs + 5_000);
  });

  it('[DURA-07] trusts the shortest of its round trips', async () => {
    const state = { nowMs: T0_MS, asked: 0 };
    const base = { nowMs: () => state.nowMs, after: () => () => undefined };
    const server = {
      // The way back is slow twice: the half of the round trip is then wrong by 45 ms.
      async serverTimeMs() {
        state.asked += 1;
        const wayBackMs = state.asked === 2 ? 5 : 95;
        state.nowMs += 5 + wayBackMs;
        return state.nowMs - wayBackMs + 1_000;
      },
    };
    const clock = serverClock(server, base);
    await clock.measure();
    expect(clock.nowMs()).toBe(state.nowMs + 1_000);
    expect(state.asked).toBe(3);
  });

  it('[DURA-07] stands still rather than run backwards when a later measurement is lower', async () => {
    let aheadMs = 5_000;
    const state = { nowMs: T0_MS };
    const clock = serverClock(
      { serverTimeMs: async () => state.nowMs + aheadMs },
      { nowMs: () => state.nowMs, after: () => () => undefined },
    );
    await clock.measure();
    expect(clock.nowMs()).toBe(T0_MS + 5_000);
    aheadMs = 1_000;
    await clock.measure();
    expect(clock.nowMs()).toBe(T0_MS + 5_000);
    state.nowMs += 4_500;
    expect(clock.nowMs()).toBe(T0_MS + 5_500);
  });

  it('[DURA-07] keeps its offset when the server cannot be asked, and has none with a store without a time', async () => {
    const { state, clock, server } = network(-300, [0]);
    await clock.measure();
    server.serverTimeMs = () => Promise.reject(new RangeError('no server'));
    await expect(clock.measure()).rejects.toThrow('no server');
    expect(clock.nowMs()).toBe(state.nowMs - 300);
    const alone = serverClock({}, { nowMs: () => T0_MS, after: () => () => undefined });
    await alone.measure();
    expect(alone.nowMs()).toBe(T0_MS);
  });

  it('[DURA-07] hands timers to the clock underneath', () => {
    const cancel = () => undefined;
    const after = vi.fn(() => cancel);
    const fire = () => undefined;
    expect(serverClock({}, { nowMs: () => T0_MS, after }).after(7, fire)).toBe(cancel);
    expect(after).toHaveBeenCalledWith(7, fire);
  });
});
