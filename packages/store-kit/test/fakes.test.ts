import { memoryStore, TaskError, type TaskHint } from '@mcp-tasks/store';
import { describe, expect, it } from 'vitest';
import { answersLost, fakeClock, hintsThrough } from '../src/fakes.ts';
import { creation, newTask, readTask, updateAt } from '../src/sides/records.ts';

const NOW_MS = Date.UTC(2026, 0, 1);

describe('answersLost', () => {
  it('[DURA-08] makes the write and loses its answer, of the calls that it is told', async () => {
    const store = memoryStore();
    const losing = answersLost(store, (write) => write === 'create');
    const head = newTask(NOW_MS);
    await expect(losing.create(creation(head))).rejects.toSatisfy(
      (error) => TaskError.is(error, 'STORE_UNAVAILABLE') && error.retryable,
    );
    expect(await readTask(losing, head.taskId, NOW_MS)).toBeDefined();
    const update = updateAt(head.taskId, 1, { head: {} }, NOW_MS);
    await expect(losing.update(update)).resolves.toMatchObject({ status: 'updated' });
  });
});

describe('hintsThrough', () => {
  it('drops and repeats hints as it is told', async () => {
    const store = memoryStore();
    const seen: number[] = [];
    const pass = (hint: TaskHint) => (hint.version === 1 ? [] : [hint, hint]);
    const end = await hintsThrough(store, pass).watch?.(({ version }) => seen.push(version));
    const head = newTask(NOW_MS);
    await store.create(creation(head));
    await store.update(updateAt(head.taskId, 1, { head: {} }, NOW_MS));
    await end?.();
    expect(seen).toEqual([2, 2]);
  });
});

describe('fakeClock', () => {
  it('calls what has become due in order of time, and nothing that was cancelled', () => {
    const clock = fakeClock(NOW_MS);
    const calls: string[] = [];
    clock.after(20, () => calls.push('second'));
    const cancel = clock.after(30, () => calls.push('cancelled'));
    clock.after(10, () => {
      calls.push('first');
      cancel();
    });
    clock.after(31, () => calls.push('later'));
    clock.advance(30);
    expect(calls).toEqual(['first', 'second']);
    expect([clock.nowMs(), clock.timers]).toEqual([NOW_MS + 30, 1]);
  });
});
