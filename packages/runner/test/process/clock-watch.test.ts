import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Tasks } from '../../src/index.ts';
import { ended, gate, recordOf, resultOf, text, until } from '../support/layer.ts';
import { type Machine, machines } from '../support/machines.ts';
import { LEASE_MS } from '../support/processes.ts';

const HOURS_2_MS = 2 * 3_600_000;
const DAY_MS = 24 * 3_600_000;
const SWEEP_MS = 1_000;
const LIMITS = { maxTtlMs: 7 * DAY_MS, defaultTtlMs: 3_600_000 };
const OPTIONS = { sweepIntervalMs: SWEEP_MS, limits: LIMITS };

function setUp() {
  const world = machines();
  const go = gate();
  const register = (tasks: Tasks) => {
    tasks.tool('quick', {}, () => text('quick'));
    tasks.tool('work', {}, async (_args, task) => {
      await go.opened;
      return text(`run ${task.attempt}`);
    });
    tasks.tool('long', { ttlMs: 5 * DAY_MS }, async (_args, task) => {
      await go.opened;
      return text(`run ${task.attempt}`);
    });
  };
  const make = async (wallErrorMs = 0) => {
    const machine = world.make(wallErrorMs, OPTIONS);
    register(machine.tasks);
    await machine.tasks.start();
    return machine;
  };
  const start = ({ tasks }: Machine, tool: string) => tasks.startTask({ tool, owner: 'alice', arguments: {} });
  return { ...world, go, make, start };
}

describe('a process whose wall clock is wrong when it starts', () => {
  it.each([HOURS_2_MS, -HOURS_2_MS, DAY_MS * 365])(
    '[LIFE-01] by %d ms lives by the time of the server: no task is lost, no run of another ends',
    async (wallErrorMs) => {
      const { make, start, pass, go, serverMs } = setUp();
      const right = await make();
      const finished = await start(right, 'quick');
      const running = await start(right, 'work');
      await pass(100, right);
      const wrong = await make(wallErrorMs);
      expect(wrong.tasks.clock.nowMs()).toBe(serverMs());
      await pass(4 * LEASE_MS, right, wrong);
      expect(wrong.calls.filter((call) => call === 'deleteExpired').length).toBeGreaterThan(3);
      expect(resultOf(await recordOf(right.tasks, finished))).toEqual(text('quick'));
      expect((await recordOf(wrong.tasks, running)).head).toMatchObject({ status: 'working', attempt: 1 });
      const own = await start(wrong, 'work');
      go.open();
      expect(resultOf(await ended(right.tasks, running))).toEqual(text('run 1'));
      expect(resultOf(await ended(right.tasks, own))).toEqual(text('run 1'));
      await Promise.all([right.tasks.close(), wrong.tasks.close()]);
      expect([...right.errors, ...wrong.errors]).toEqual([]);
    },
  );
});

describe("a server's clock that is set", () => {
  it.each([HOURS_2_MS, LEASE_MS])(
    '[LIFE-01] ahead by %d ms interrupts no run: what is held is left alone until its holder has renewed',
    async (aheadMs) => {
      const { make, start, pass, go, server, serverMs } = setUp();
      const [one, other] = [await make(), await make()];
      const running = [await start(one, 'long'), await start(other, 'long')];
      await pass(100, one, other);
      server.aheadMs += aheadMs;
      // The other is busy for most of its lease: by the new time its run looks lost.
      await pass(LEASE_MS - 500, one);
      await pass(4 * LEASE_MS, one, other);
      expect([one.tasks.clock.nowMs(), other.tasks.clock.nowMs()]).toEqual([serverMs(), serverMs()]);
      go.open();
      for (const head of running) expect(resultOf(await ended(one.tasks, head))).toEqual(text('run 1'));
      await Promise.all([one.tasks.close(), other.tasks.close()]);
      expect([...one.errors, ...other.errors]).toEqual([]);
    },
  );

  it('[LIFE-01] ahead holds up what was lost with its process, and the sweep, for one lease', async () => {
    const { make, start, pass, server } = setUp();
    const [one, other] = [await make(), await make()];
    const lost = await start(other, 'long');
    await pass(100, one, other);
    server.aheadMs += HOURS_2_MS;
    // From here on the other is dead.
    await pass(LEASE_MS / 3, one);
    expect((await recordOf(one.tasks, lost)).head.status).toBe('working');
    const sweeps = one.calls.filter((call) => call === 'deleteExpired').length;
    await pass(LEASE_MS - 200, one);
    expect((await recordOf(one.tasks, lost)).head.status).toBe('working');
    expect(one.calls.filter((call) => call === 'deleteExpired')).toHaveLength(sweeps);
    await pass(2 * LEASE_MS, one);
    expect((await ended(one.tasks, lost)).head).toMatchObject({ status: 'failed' });
    expect(one.calls.filter((call) => call === 'deleteExpired').length).toBeGreaterThan(sweeps);
    await one.tasks.close();
  });

  it('[LIFE-01] ahead brings every expiry forward, to the instant', async () => {
    const { make, start, pass, server, serverMs } = setUp();
    const one = await make();
    const aborted = gate<unknown>();
    let reason: unknown;
    one.tasks.tool('watched', { ttlMs: 60_500 }, async (_args, task) => {
      task.signal.addEventListener('abort', () => {
        reason = task.signal.reason;
        aborted.open(reason);
      });
      await aborted.opened;
      return text('late');
    });
    const { expiresAtMs } = await start(one, 'watched');
    await pass(100, one);
    server.aheadMs += 50_000;
    // Heartbeats come every second, and the expiry between two of them.
    await pass(expiresAtMs - serverMs() - 100, one);
    expect(reason).toBeUndefined();
    await pass(100, one);
    expect(reason).toMatchObject({ details: { reason: 'expired' } });
    await one.tasks.close();
  });

  it('[LIFE-01] back is followed at once, and every lease with it', async () => {
    const { make, start, pass, server, serverMs, go } = setUp();
    server.aheadMs = HOURS_2_MS;
    const [one, other] = [await make(), await make()];
    const running = await start(one, 'long');
    await pass(100, one, other);
    server.aheadMs = 0;
    await pass(LEASE_MS / 3, one, other);
    expect(one.tasks.clock.nowMs()).toBe(serverMs());
    const { head } = await recordOf(one.tasks, running);
    expect(head.dueAtMs).toBeLessThanOrEqual(serverMs() + LEASE_MS);
    expect(head.dueAtMs).toBeGreaterThan(serverMs());
    await pass(3 * LEASE_MS, one, other);
    go.open();
    expect(resultOf(await ended(other.tasks, running))).toEqual(text('run 1'));
    await Promise.all([one.tasks.close(), other.tasks.close()]);
    expect([...one.errors, ...other.errors]).toEqual([]);
  });

  it('[LIFE-01] does not count as time that a run took', async () => {
    const { make, start, pass, server } = setUp();
    const one = await make();
    const [asked, answered] = [gate(), gate()];
    one.tasks.tool('timed', { ttlMs: DAY_MS, timeoutMs: 60_000, onCrash: 'fail' }, async (_args, task) => {
      await asked.opened;
      await task.elicit('a', { message: 'A?', schema: z.object({}) }).catch(() => undefined);
      await answered.opened;
      return text('in time');
    });
    const head = await start(one, 'timed');
    await pass(100, one);
    server.aheadMs = HOURS_2_MS;
    await pass(LEASE_MS, one);
    asked.open();
    await until(one.tasks, head, ({ status }) => status !== 'working');
    await one.tasks.for('alice').answer(head.taskId, { a: { action: 'decline' } });
    await pass(1_000, one);
    answered.open();
    expect(resultOf(await ended(one.tasks, head))).toEqual(text('in time'));
    await one.tasks.close();
  });
});

describe('a process whose machine was suspended', () => {
  it('[LIFE-01] renews before it claims or sweeps, and learns what it lost meanwhile', async () => {
    const { make, start, pass, serverMs, go } = setUp();
    const [slept, awake] = [await make(), await make()];
    const lost = await start(slept, 'long');
    await pass(100, slept, awake);
    await pass(10 * LEASE_MS, awake);
    expect((await ended(awake.tasks, lost)).head.status).toBe('failed');
    slept.wake(10 * LEASE_MS);
    expect(slept.tasks.clock.nowMs()).toBe(serverMs());
    slept.calls.length = 0;
    await pass(2 * LEASE_MS, slept, awake);
    const firstOf = (call: string) => slept.calls.indexOf(call);
    expect(firstOf('renew')).toBeGreaterThanOrEqual(0);
    expect(firstOf('claim')).toBeGreaterThan(firstOf('renew'));
    expect(firstOf('deleteExpired')).toBeGreaterThan(firstOf('renew'));
    go.open();
    await Promise.all([slept.tasks.close(), awake.tasks.close()]);
    expect([...slept.errors, ...awake.errors]).toEqual([]);
  });

  it.each(['kept', 'lost'] as const)(
    '[LIFE-01] begins no further step of a run before it knows that the run is %s',
    async (fate) => {
      const { make, start, pass } = setUp();
      const [slept, awake] = [await make(), await make()];
      const woken = gate();
      const log: string[] = [];
      for (const [who, { tasks }] of Object.entries({ slept, awake })) {
        tasks.tool('steps', { onCrash: 'rerun' }, async (_args, task) => {
          await task.step('one', () => log.push(`${who} one`));
          if (who === 'slept') await woken.opened;
          await task.step('two', () => log.push(`${who} two`));
          return text('done');
        });
      }
      const head = await start(slept, 'steps');
      await pass(100, slept, awake);
      const sleepMs = fate === 'kept' ? LEASE_MS - 500 : 3 * LEASE_MS;
      await pass(sleepMs, awake);
      slept.wake(sleepMs);
      let failures = 2;
      slept.interference.before = (method) => {
        if (method === 'renew' && failures-- > 0) throw new RangeError('not now');
      };
      woken.open();
      await slept.run(0);
      expect(log).toEqual(fate === 'kept' ? ['slept one'] : ['slept one', 'awake two']);
      await pass(LEASE_MS, slept, awake);
      expect(log).toEqual(['slept one', fate === 'kept' ? 'slept two' : 'awake two']);
      expect((await ended(awake.tasks, head)).head).toMatchObject({
        status: 'completed',
        attempt: fate === 'kept' ? 1 : 2,
      });
      await Promise.all([slept.tasks.close(), awake.tasks.close()]);
    },
  );

  it('[LIFE-01] claims and sweeps nothing while that renewal fails', async () => {
    const { make, start, pass, go } = setUp();
    const machine = await make();
    await start(machine, 'long');
    await pass(100, machine);
    machine.wake(60_000);
    machine.calls.length = 0;
    machine.interference.before = (method) => {
      machine.calls.push(method);
      if (method === 'renew') throw new RangeError('not now');
    };
    // Until its run ends with its lease, there is something to renew.
    await pass(LEASE_MS - 500, machine);
    expect(machine.errors).not.toEqual([]);
    expect(machine.calls).toContain('renew');
    expect(machine.calls).not.toContain('claim');
    expect(machine.calls).not.toContain('deleteExpired');
    machine.interference.before = (method) => void machine.calls.push(method);
    await pass(LEASE_MS, machine);
    expect(machine.calls).toContain('claim');
    expect(machine.calls).toContain('deleteExpired');
    go.open();
    await machine.tasks.close();
  });
});
