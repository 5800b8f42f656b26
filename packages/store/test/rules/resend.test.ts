import { describe, expect, it } from 'vitest';
import { TaskError } from '../../src/index.ts';
import { resend } from '../../src/rules.ts';
import { fakeClock } from '../fake-clock.ts';

const passing = (message: string) => new TaskError('STORE_UNAVAILABLE', message, { retryable: true });

/** A call that fails in these ways, one after the other, and then is answered; how long each wait was. */
function failingCall(...failures: readonly Error[]) {
  const left = [...failures];
  const waitsMs: number[] = [];
  const clock = {
    ...fakeClock(),
    after: (delayMs: number, callback: () => void) => {
      waitsMs.push(delayMs);
      queueMicrotask(callback);
      return () => undefined;
    },
  };
  const send = async () => {
    const failure = left.shift();
    if (failure !== undefined) throw failure;
    return 'answer';
  };
  return { clock, send, waitsMs };
}

describe('a call of the store that failed', () => {
  it('[DURA-08] is sent again after waits that grow, until it is answered', async () => {
    const { clock, send, waitsMs } = failingCall(passing('second'), passing('third'));
    await expect(resend(clock, send, passing('first'))).resolves.toBe('answer');
    expect(waitsMs).toEqual([20, 100, 500]);
  });

  it('[DURA-08] fails with the last failure when the next wait would end after two seconds', async () => {
    const failures = ['second', 'third', 'fourth', 'fifth', 'sixth'].map(passing);
    const { clock, send, waitsMs } = failingCall(...failures);
    await expect(resend(clock, send, passing('first'))).rejects.toThrow('fifth');
    expect(waitsMs).toEqual([20, 100, 500, 1_000]);
  });

  it('[DURA-08] is sent again every second for as long as the caller says', async () => {
    const { clock, send, waitsMs } = failingCall(...Array.from({ length: 99 }, () => passing('again')));
    await expect(resend(clock, send, passing('first'), { forMs: 3_620 })).rejects.toThrow('again');
    expect(waitsMs).toEqual([20, 100, 500, 1_000, 1_000, 1_000]);
  });

  it('[DURA-08] counts the time that the calls themselves take', async () => {
    const { clock, send, waitsMs } = failingCall(passing('second'), passing('third'));
    const slow = () => {
      clock.setMs(clock.nowMs() + 1_950);
      return send();
    };
    await expect(resend(clock, slow, passing('first'))).rejects.toThrow('second');
    expect(waitsMs).toEqual([20]);
  });

  it('[DURA-08] goes by the monotonic time of a clock that has one', async () => {
    const { clock, send } = failingCall(passing('second'));
    const stepped = { ...clock, nowMs: () => Math.random() * 1e12, monotonicMs: () => 7 };
    await expect(resend(stepped, send, passing('first'))).resolves.toBe('answer');
  });

  it('[DURA-08] is not sent again once its answer is not wanted, before or after a wait', async () => {
    const before = failingCall();
    const first = passing('first');
    await expect(resend(before.clock, before.send, first, { isWanted: () => false })).rejects.toBe(first);
    expect(before.waitsMs).toEqual([]);
    const after = failingCall();
    const isWanted = () => after.waitsMs.length === 0;
    await expect(resend(after.clock, after.send, first, { isWanted })).rejects.toBe(first);
    expect(after.waitsMs).toEqual([20]);
  });

  it.each([
    ['that will not pass', new TaskError('STORE_CORRUPT_RECORD', 'broken')],
    ['of which nothing is known', new TypeError('odd')],
  ])('[DURA-08] is not sent again after a failure %s, be it the first or a later one', async (_, lasting) => {
    const first = failingCall();
    await expect(resend(first.clock, first.send, lasting)).rejects.toBe(lasting);
    expect(first.waitsMs).toEqual([]);
    const later = failingCall(lasting);
    await expect(resend(later.clock, later.send, passing('first'))).rejects.toBe(lasting);
    expect(later.waitsMs).toEqual([20]);
  });
});
