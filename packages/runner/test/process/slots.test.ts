import { describe, expect, it } from 'vitest';
import { Slots } from '../../src/process/slots.ts';

const never = new AbortController().signal;

function slots(concurrency: number, maxRunningPerOwner = concurrency) {
  const made = new Slots({ concurrency, maxRunningPerOwner });
  let freed = 0;
  made.onFree = () => (freed += 1);
  return { slots: made, freed: () => freed };
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

describe('the slots of a process', () => {
  it('are as many as its concurrency, and say when one is free', () => {
    const { slots: made, freed } = slots(2);
    const [one, two] = [made.take('alice'), made.take('bob')];
    expect(made.free).toBe(0);
    one.release();
    one.release();
    expect([made.free, freed()]).toEqual([1, 1]);
    two.release();
    expect(made.free).toBe(2);
  });

  it('[LIFE-05] leave an owner only its share, and tell the room of those that have runs', () => {
    const { slots: made } = slots(4, 2);
    const first = made.take('alice');
    made.take('alice');
    made.take('bob');
    expect(['alice', 'bob', 'carol'].map((owner) => made.roomOf(owner))).toEqual([0, 1, 2]);
    expect(made.rooms()).toEqual([
      { owner: 'alice', limit: 0 },
      { owner: 'bob', limit: 1 },
    ]);
    first.release();
    expect(made.roomOf('alice')).toBe(1);
    made.serveOneOwner(true);
    expect(made.roomOf('alice')).toBe(3);
    made.serveOneOwner(false);
    expect(made.roomOf('alice')).toBe(1);
  });

  it('give the slot of a waiting run to another, and back before a new run', async () => {
    const { slots: made, freed } = slots(1);
    const waiting = made.take('alice');
    waiting.release();
    const other = made.take('bob');
    let hasSlot = false;
    const back = waiting.reacquire(never).then(() => (hasSlot = true));
    await turn();
    expect([hasSlot, made.free]).toEqual([false, 0]);
    const before = freed();
    other.release();
    await back;
    expect(freed()).toBe(before);
    expect(made.roomOf('alice')).toBe(0);
    waiting.release();
    expect([made.free, made.roomOf('alice')]).toEqual([1, 1]);
  });

  it('are not given to a run that ended while it waited for one', async () => {
    const { slots: made } = slots(1);
    const waiting = made.take('alice');
    waiting.release();
    const other = made.take('bob');
    const abort = new AbortController();
    const back = waiting.reacquire(abort.signal);
    abort.abort(new Error('ended'));
    await expect(back).rejects.toThrow('ended');
    await expect(waiting.reacquire(abort.signal)).rejects.toThrow('ended');
    other.release();
    expect(made.free).toBe(1);
  });

  it('can be none: the process serves and runs nothing', () => {
    expect(slots(0).slots.free).toBe(0);
  });
});
