import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../src/index.ts';
import { serverClock } from '../../src/rules.ts';
import { T0_MS } from '../heads.ts';

/** The clocks of a machine, each to be turned by itself. */
function machine() {
  const at = { wallMs: T0_MS, monotonicMs: 500.25, bootMs: 90_000 };
  const clock = systemClock({
    wallMs: () => at.wallMs,
    monotonicMs: () => at.monotonicMs,
    bootMs: () => at.bootMs,
  });
  const run = (ms: number) => {
    at.wallMs += ms;
    at.monotonicMs += ms;
    at.bootMs += ms;
  };
  const suspend = (ms: number) => {
    at.wallMs += ms;
    at.bootMs += ms;
  };
  return { at, clock, run, suspend };
}

describe('systemClock', () => {
  beforeEach(() => void vi.useFakeTimers({ now: T0_MS }));
  afterEach(() => void vi.useRealTimers());

  it('[DURA-07] goes by the monotonic timer from the wall clock at its start, in whole milliseconds', () => {
    const { clock, run } = machine();
    expect(clock.nowMs()).toBe(T0_MS);
    run(1.5);
    expect(clock.nowMs()).toBe(T0_MS + 1);
    run(0.5);
    expect(clock.nowMs()).toBe(T0_MS + 2);
  });

  it.each([2, -2, 0.01, -0.01])('[DURA-07] takes no notice of a wall clock that steps by %d hours', (hours) => {
    const { at, clock, run } = machine();
    run(5_000);
    at.wallMs += hours * 3_600_000;
    expect(clock.nowMs()).toBe(T0_MS + 5_000);
    run(5_000);
    expect(clock.nowMs()).toBe(T0_MS + 10_000);
    expect(clock.suspendedMs?.()).toBe(0);
  });

  it('[DURA-07] adds each time for which the machine was suspended, once', () => {
    const { clock, run, suspend } = machine();
    run(3_000);
    suspend(7_200_000);
    expect(clock.suspendedMs?.()).toBe(7_200_000);
    expect(clock.nowMs()).toBe(T0_MS + 7_203_000);
    run(1_000);
    suspend(10_000);
    // Whoever only asks for the time sees it too, at most a second of running later.
    run(1_000);
    expect(clock.nowMs()).toBe(T0_MS + 7_215_000);
    expect(clock.suspendedMs?.()).toBe(7_210_000);
  });

  it('[DURA-07] takes no suspension from an uptime that is told in whole seconds, or not at all', () => {
    const { at, clock, run } = machine();
    for (const bootMs of [91_999, 90_000, 88_001, NaN]) {
      at.bootMs = bootMs;
      expect(clock.suspendedMs?.()).toBe(0);
      run(0);
    }
    expect(clock.nowMs()).toBe(T0_MS);
  });

  it('[DURA-07] takes the clocks of the operating system for those that it is not given', () => {
    const beforeMs = Date.now();
    const clock = systemClock({ bootMs: () => NaN });
    expect(clock.nowMs()).toBe(beforeMs);
    vi.advanceTimersByTime(1_234);
    vi.setSystemTime(0);
    expect(clock.nowMs()).toBe(beforeMs + 1_234);
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

const LEASE_MS = 6_000;

describe('serverClock', () => {
  /** A server whose clock is `aheadMs` ahead, asked over a network with these round trips, the way there as long as the way back. */
  function network(aheadMs: number, roundTripsMs: readonly number[]) {
    const state = { nowMs: T0_MS, asked: 0, wayBackShare: 0.5 };
    const base = { nowMs: () => state.nowMs, after: () => () => undefined };
    const server = {
      async serverTimeMs() {
        const roundTripMs = roundTripsMs[state.asked % roundTripsMs.length] ?? 0;
        state.asked += 1;
        state.nowMs += roundTripMs;
        return state.nowMs - roundTripMs * state.wayBackShare + aheadMs;
      },
    };
    return { state, clock: serverClock(server, { base, leaseMs: LEASE_MS }), server };
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
    const clock = serverClock(server, { base, leaseMs: LEASE_MS });
    await clock.measure();
    expect(clock.nowMs()).toBe(state.nowMs + 1_000);
    expect(state.asked).toBe(3);
  });

  /** A server that answers at once, and is this far ahead. */
  function server(aheadMs: number) {
    const state = { nowMs: T0_MS, aheadMs };
    const base = { nowMs: () => state.nowMs, after: () => () => undefined };
    return {
      state,
      clock: serverClock({ serverTimeMs: async () => state.nowMs + state.aheadMs }, { base, leaseMs: LEASE_MS }),
    };
  }

  it('[DURA-07] stands still rather than run backwards when a later measurement is lower by a lease', async () => {
    const { state, clock } = server(5_000);
    await clock.measure();
    expect(clock.nowMs()).toBe(T0_MS + 5_000);
    state.aheadMs -= LEASE_MS;
    expect(await clock.measure()).toBe('steady');
    expect(clock.nowMs()).toBe(T0_MS + 5_000);
    state.nowMs += LEASE_MS + 500;
    expect(clock.nowMs()).toBe(T0_MS + 5_500);
  });

  it('[DURA-07] takes an offset that fell by more than a lease over at once, and says so', async () => {
    const { state, clock } = server(7_200_000);
    await clock.measure();
    expect(clock.nowMs()).toBe(T0_MS + 7_200_000);
    state.aheadMs = 7_200_000 - LEASE_MS - 1;
    expect(await clock.measure()).toBe('fell');
    expect(clock.nowMs()).toBe(T0_MS + state.aheadMs);
    state.aheadMs = 0;
    expect(await clock.measure()).toBe('fell');
    expect(clock.nowMs()).toBe(T0_MS);
    expect(await clock.measure()).toBe('steady');
  });

  it('[DURA-07] takes every growth over at once, and says where it is more than a third of a lease', async () => {
    const { state, clock } = server(0);
    await clock.measure();
    state.aheadMs += LEASE_MS / 3;
    expect(await clock.measure()).toBe('steady');
    expect(clock.nowMs()).toBe(T0_MS + LEASE_MS / 3);
    state.aheadMs += LEASE_MS / 3 + 1;
    expect(await clock.measure()).toBe('grew');
    expect(clock.nowMs()).toBe(T0_MS + state.aheadMs);
  });

  it.each([7_200_000, -7_200_000])(
    '[DURA-07] takes its first measurement over at once, whatever time was told before: %d ms',
    async (aheadMs) => {
      const { clock } = server(aheadMs);
      expect(clock.nowMs()).toBe(T0_MS);
      expect(await clock.measure()).toBe('steady');
      expect(clock.nowMs()).toBe(T0_MS + aheadMs);
    },
  );

  it('[DURA-07] moves by no answer that may have been on its way for as long', async () => {
    const { state, clock } = network(1_000, [2, 2, 2, 9_000, 9_000, 9_000]);
    await clock.measure();
    expect(clock.nowMs()).toBe(state.nowMs + 1_000);
    state.wayBackShare = 0.99;
    expect(await clock.measure()).toBe('steady');
    expect(clock.nowMs()).toBe(state.nowMs + 1_000);
  });

  it('[DURA-07] tells a suspension that its base knows of', () => {
    const base = { nowMs: () => T0_MS, after: () => () => undefined };
    expect(serverClock({}, { base, leaseMs: LEASE_MS })).not.toHaveProperty('suspendedMs');
    expect(serverClock({}, { base: { ...base, suspendedMs: () => 5 }, leaseMs: LEASE_MS }).suspendedMs?.()).toBe(5);
  });

  it('[DURA-07] keeps its offset when the server cannot be asked, and has none with a store without a time', async () => {
    const { state, clock, server } = network(-300, [0]);
    await clock.measure();
    server.serverTimeMs = () => Promise.reject(new RangeError('no server'));
    await expect(clock.measure()).rejects.toThrow('no server');
    expect(clock.nowMs()).toBe(state.nowMs - 300);
    const alone = serverClock({}, { base: { nowMs: () => T0_MS, after: () => () => undefined }, leaseMs: LEASE_MS });
    await alone.measure();
    expect(alone.nowMs()).toBe(T0_MS);
  });

  it('[DURA-07] hands timers to the clock underneath', () => {
    const cancel = () => undefined;
    const after = vi.fn(() => cancel);
    const fire = () => undefined;
    expect(serverClock({}, { base: { nowMs: () => T0_MS, after }, leaseMs: LEASE_MS }).after(7, fire)).toBe(cancel);
    expect(after).toHaveBeenCalledWith(7, fire);
  });
});
