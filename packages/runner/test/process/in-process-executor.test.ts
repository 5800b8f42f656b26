import { describe, expect, it } from 'vitest';
import { inProcessExecutor, type QueuedTask, type RunSlot } from '../../src/index.ts';
import { gate } from '../support/layer.ts';

function task(taskId: string, owner = 'alice'): QueuedTask {
  return { taskId, owner, handler: 'tool' };
}

/** An executor whose runs end when the test says so. */
async function executor(concurrency: number) {
  const begun: string[] = [];
  const slots = new Map<string, RunSlot>();
  const gates = new Map<string, () => void>();
  const made = inProcessExecutor({ concurrency });
  await made.start({
    run: async ({ taskId }, slot) => {
      begun.push(taskId);
      slots.set(taskId, slot);
      const { opened, open } = gate();
      gates.set(taskId, open);
      await opened;
    },
  });
  const end = async (taskId: string) => {
    gates.get(taskId)?.();
    await turn();
  };
  return { executor: made, begun, slots, end };
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

const never = new AbortController().signal;

describe('the in-process executor', () => {
  it('runs no more tasks at once than its concurrency', async () => {
    const { executor: made, begun, end } = await executor(2);
    for (const id of ['a', 'b', 'c']) made.submit(task(id));
    expect(begun).toEqual(['a', 'b']);
    expect(made.freeSlots()).toBe(0);
    await end('a');
    expect(begun).toEqual(['a', 'b', 'c']);
    await end('b');
    await end('c');
    expect(made.freeSlots()).toBe(2);
  });

  it('takes owners in turn, so that one does not starve the others', async () => {
    const { executor: made, begun, end } = await executor(1);
    for (const id of ['a1', 'a2', 'a3', 'a4']) made.submit(task(id, 'alice'));
    made.submit(task('b1', 'bob'));
    made.submit(task('c1', 'carol'));
    for (const id of ['a1', 'a2', 'b1', 'c1', 'a3', 'a4']) {
      expect(begun.at(-1)).toBe(id);
      await end(id);
    }
    expect(made.freeSlots()).toBe(1);
  });

  it('gives the slot of a waiting run to another, and back before a new run', async () => {
    const { executor: made, begun, slots, end } = await executor(1);
    for (const id of ['a', 'b', 'c']) made.submit(task(id));
    const slot = slots.get('a');
    slot?.release();
    slot?.release();
    expect(begun).toEqual(['a', 'b']);
    let hasSlot = false;
    const back = slot?.reacquire(never).then(() => (hasSlot = true));
    await turn();
    expect(hasSlot).toBe(false);
    await end('b');
    await back;
    expect(begun).toEqual(['a', 'b']);
    await end('a');
    expect(begun).toEqual(['a', 'b', 'c']);
    await end('c');
    expect(made.freeSlots()).toBe(1);
  });

  it('does not give a slot to a run that ended while it waited for one', async () => {
    const { executor: made, slots, end } = await executor(1);
    made.submit(task('a'));
    made.submit(task('b'));
    slots.get('a')?.release();
    const abort = new AbortController();
    const back = slots.get('a')?.reacquire(abort.signal);
    abort.abort(new Error('ended'));
    await expect(back).rejects.toThrow('ended');
    await expect(slots.get('a')?.reacquire(abort.signal)).rejects.toThrow('ended');
    await end('a');
    await end('b');
    expect(made.freeSlots()).toBe(1);
  });

  it('begins nothing after drain, and hands back what was queued', async () => {
    const { executor: made, begun, end } = await executor(1);
    for (const id of ['a', 'b']) made.submit(task(id, 'alice'));
    made.submit(task('c', 'bob'));
    expect(made.drain().map(({ taskId }) => taskId)).toEqual(['b', 'c']);
    made.submit(task('d'));
    await end('a');
    expect(begun).toEqual(['a']);
    expect(made.freeSlots()).toBe(0);
    await made.close();
  });

  it('keeps what is submitted before it starts', async () => {
    const made = inProcessExecutor();
    made.submit(task('early'));
    const begun: string[] = [];
    await made.start({ run: async ({ taskId }) => void begun.push(taskId) });
    expect(begun).toEqual(['early']);
  });

  it.each([0, -1, 1.5, NaN, Infinity])('refuses a concurrency of %s', (concurrency) => {
    expect(() => inProcessExecutor({ concurrency })).toThrow(RangeError);
  });
});
