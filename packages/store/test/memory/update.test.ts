import { describe, expect, it } from 'vitest';
import type { TaskEntry, TaskHint } from '../../src/index.ts';
import { MemoryTaskStore } from '../../src/memory/memory-task-store.ts';
import { settled } from '../fake-clock.ts';
import { firstWrite, newHead, newTask, T0_MS } from '../heads.ts';
import { read, storeOf } from './memory-stores.ts';

describe('update in the memory store', () => {
  it('[STOR-05] lets exactly one of 100 racing writers of a version win and gives the others the present head', async () => {
    const store = new MemoryTaskStore();
    await store.create(newTask());
    const outcomes = await Promise.all(
      Array.from({ length: 100 }, (_, number) =>
        store.update(firstWrite({ writeId: `write-${number}`, patch: { head: { attempt: number } } })),
      ),
    );
    const [winner, ...others] = outcomes.toSorted((one, other) =>
      one.status < other.status ? 1 : one.status > other.status ? -1 : 0,
    );
    expect(winner?.status).toBe('updated');
    for (const other of others) expect(other).toEqual({ ...winner, status: 'conflict' });
  });

  it('[STOR-01] puts, replaces and deletes entries byte for byte, and reads only the kinds asked for', async () => {
    const store = new MemoryTaskStore();
    await store.create(newTask());
    const name = 'a\0b:c/__proto__';
    const put: readonly TaskEntry[] = [
      { kind: 'variable', name, value: '{"x": 1}' },
      { kind: 'checkpoint', name, value: '2' },
    ];
    await store.update(firstWrite({ patch: { head: {}, put } }));
    expect((await read(store, 'task-1'))?.entries).toEqual([
      { kind: 'call', name: '', value: '{"arguments":{}}' },
      { kind: 'variable', name, value: '{"x": 1}' },
    ]);
    await store.update({
      taskId: 'task-1',
      expected: { version: 2, writeId: 'written' },
      writeId: 'again',
      patch: { head: {}, put: [{ kind: 'call', name: '', value: '3' }], delete: [{ kind: 'variable', name }] },
      nowMs: T0_MS,
    });
    expect((await read(store, 'task-1'))?.entries).toEqual([{ kind: 'call', name: '', value: '3' }]);
  });

  it('[STOR-05] keeps nothing that its caller can change afterwards', async () => {
    const store = new MemoryTaskStore();
    const openQuestions = ['one'];
    const progress = { done: 1 };
    const entry = { kind: 'variable' as const, name: 'x', value: '1' };
    const head = { ...newHead(), openQuestions, progress };
    await store.create({ ...newTask(), head, entries: [entry] });
    openQuestions.push('two');
    progress.done = 2;
    entry.value = '2';
    head.owner = 'mallory';
    const record = await read(store, 'task-1');
    expect(record).toEqual({
      head: { ...newHead(), openQuestions: ['one'], progress: { done: 1 }, entryBytes: 2 },
      entries: [{ kind: 'variable', name: 'x', value: '1' }],
    });
    expect(() => ((record?.head as { owner: string }).owner = 'mallory')).toThrow(TypeError);
    expect(() => (record?.head.openQuestions as string[]).push('two')).toThrow(TypeError);
    expect((await store.list({ owner: 'mallory', limit: 9, nowMs: T0_MS })).heads).toEqual([]);
  });

  it('[DURA-08] answers a write that comes again with its write id as updated, and makes it once', async () => {
    const store = await storeOf({ taskId: 'task-1' });
    const put: readonly TaskEntry[] = [{ kind: 'variable', name: 'x', value: '1' }];
    const write = firstWrite({ patch: { head: { statusMessage: 'once' }, put } });
    const hints: TaskHint[] = [];
    await store.watch((hint) => hints.push(hint));
    const first = await store.update(write);
    expect(first).toMatchObject({ status: 'updated', head: { version: 2, writeId: 'written', entryBytes: 18 } });
    expect(await store.update({ ...write, maxStoredBytes: 0 })).toEqual(first);
    expect(await store.update({ ...write, patch: { head: { statusMessage: 'other' } } })).toEqual(first);
    await settled();
    expect(hints).toHaveLength(1);
  });

  it('[DURA-08] answers a write that comes again below another one as a conflict', async () => {
    const store = await storeOf({ taskId: 'task-1' });
    await store.update(firstWrite());
    const other = await store.update(firstWrite({ expected: { version: 2, writeId: 'written' }, writeId: 'other' }));
    expect(other).toMatchObject({ status: 'updated', head: { version: 3, writeId: 'other' } });
    expect(await store.update(firstWrite())).toEqual({ ...other, status: 'conflict' });
  });

  it('[STOR-05] takes a head for another one when the version is the same and the write id is not', async () => {
    const store = await storeOf({ taskId: 'task-1' });
    const outcome = await store.update(firstWrite({ expected: { version: 1, writeId: 'elsewhere' } }));
    expect(outcome).toEqual({ status: 'conflict', head: newHead() });
    const older = await store.update(firstWrite({ expected: { version: 2, writeId: 'created' } }));
    expect(older).toEqual({ status: 'conflict', head: newHead() });
  });
});
