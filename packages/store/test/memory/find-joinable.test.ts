import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JOIN_STATES, type JoinState, newWriteId } from '../../src/index.ts';
import { firstWrite, T0_MS } from '../heads.ts';
import { storeOf } from './memory-stores.ts';

const find = async (store: Awaited<ReturnType<typeof storeOf>>, joinKey = 'k', owner = 'alice', nowMs = T0_MS) =>
  (await store.findJoinable({ owner, joinKey, nowMs }))?.taskId;
const left = { joinKey: 'k', joinState: 'left' } as const;

describe('findJoinable of the memory store', () => {
  it('[STOR-01] finds the newest task of the owner with the key, ties by id, ended ones too', async () => {
    const store = await storeOf(
      { ...left, createdAtMs: T0_MS - 1, taskId: 'z' },
      { ...left, taskId: 'a' },
      { ...left, taskId: 'c', status: 'completed', dueAtMs: null },
      { ...left, taskId: 'b' },
      { ...left, taskId: 'd', owner: 'bob' },
      { ...left, taskId: 'e', joinKey: 'other' },
      { taskId: 'f', joinKey: 'k' },
      { taskId: 'g' },
    );
    expect(await find(store)).toBe('c');
    expect(await find(store, 'k', 'bob')).toBe('d');
    expect(await find(store, 'other')).toBe('e');
    expect(await find(store, 'none')).toBeUndefined();
    expect(await find(store, 'k', 'carol')).toBeUndefined();
  });

  it('[STOR-01] finds a task in each state of joining, and none without a state', async () => {
    const store = await storeOf({ taskId: 'task-1', ...left });
    let expected = { version: 1, writeId: 'created' };
    for (const joinState of [...JOIN_STATES, null, 'told' as const]) {
      const writeId = newWriteId();
      await store.update(firstWrite({ expected, writeId, patch: { head: { joinState } } }));
      expected = { version: expected.version + 1, writeId };
      expect(await find(store)).toBe(joinState === null ? undefined : 'task-1');
    }
  });

  it('[STOR-01] finds the one before when the newest expired or was removed', async () => {
    const store = await storeOf({ ...left }, { ...left, createdAtMs: T0_MS + 1, ttlMs: 10 });
    expect(await find(store)).toBe('task-1');
    expect(await find(store, 'k', 'alice', T0_MS + 11)).toBe('task-0');
    expect(await find(store, 'k', 'alice', T0_MS + 10)).toBe('task-1');
    await store.deleteExpired({ nowMs: T0_MS + 11, limit: 9 });
    expect(await find(store)).toBe('task-0');
  });

  it('[STOR-01] finds the same as a look at all tasks, after any writes', async () => {
    const states = fc.constantFrom<JoinState | null>('left', 'told', null);
    const tasks = fc.array(
      fc.record({ key: fc.constantFrom('k', 'l', undefined), age: fc.nat(3), state: states, then: states }),
      { maxLength: 12 },
    );
    await fc.assert(
      fc.asyncProperty(tasks, async (all) => {
        const store = await storeOf(
          ...all.map(({ key, age, state }) => ({
            createdAtMs: T0_MS - age,
            ...(key !== undefined && { joinKey: key }),
            ...(state !== null && { joinState: state }),
          })),
        );
        for (const [place, { then }] of all.entries()) {
          await store.update(firstWrite({ taskId: `task-${place}`, patch: { head: { joinState: then } } }));
        }
        for (const key of ['k', 'l']) {
          const [newest] = all
            .map((task, place) => ({ ...task, taskId: `task-${place}` }))
            .filter((task) => task.key === key && task.then !== null)
            .sort((one, other) => one.age - other.age || (one.taskId < other.taskId ? 1 : -1));
          expect(await find(store, key)).toBe(newest?.taskId);
        }
      }),
    );
  });
});
