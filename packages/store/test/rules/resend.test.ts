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

  it('[DURA-08] fails with the last failure after three times', async () => {
    const { clock, send, waitsMs } = failingCall(passing('second'), passing('third'), passing('fourth'));
    await expect(resend(clock, send, passing('first'))).rejects.toThrow('fourth');
    expect(waitsMs).toHaveLength(3);
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
