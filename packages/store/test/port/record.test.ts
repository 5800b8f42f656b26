import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  applyHeadPatch,
  entryBytes,
  JOIN_STATES,
  memoryStore,
  TASK_ENTRY_KINDS,
  type TaskHeadPatch,
} from '../../src/index.ts';
import { applyRule, rules } from '../../src/rules.ts';
import { fakeClock } from '../fake-clock.ts';
import { newHead, newTask, T0_MS } from '../heads.ts';

describe('a record', () => {
  it('[STOR-04] carries the task, its owner, what was called, its variables, checkpoints, questions, answers and result', async () => {
    const [store, clock] = [memoryStore(), fakeClock()];
    const call = { kind: 'call' as const, name: '', value: '{"tool":"count","arguments":{"n":1}}' };
    await store.create(newTask({ attempt: 1, holder: 'p' }, { entries: [call] }));
    const lease = { taskId: 'task-1', attempt: 1, holder: 'p' };
    const put = [
      { kind: 'variable' as const, name: 'x', value: '1' },
      { kind: 'published' as const, name: 'x', value: '2' },
      { kind: 'checkpoint' as const, name: 'x', value: '3' },
    ];
    const request = { method: 'elicitation/create' as const, params: { message: '?' } };
    const result = { content: [{ type: 'text' as const, text: 'ok' }] };
    await applyRule(
      { store, clock },
      'task-1',
      rules.effects(lease, { put, progress: { done: 1 }, statusMessage: 'half' }),
    );
    await applyRule({ store, clock }, 'task-1', rules.ask(lease, 'x', request, { maxOpenQuestions: 1 }));
    await applyRule({ store, clock }, 'task-1', rules.answer({ x: { action: 'decline' } }));
    await applyRule({ store, clock }, 'task-1', rules.complete(lease, { result, keepResultMs: 0 }));

    const [record] = await store.get({ taskIds: ['task-1'], kinds: TASK_ENTRY_KINDS, nowMs: T0_MS });
    expect(record?.head).toEqual({
      ...newHead({ attempt: 1, dueAtMs: null }),
      version: 5,
      writeId: expect.any(String) as string,
      entryBytes: (record?.entries ?? []).reduce((sum, entry) => sum + entryBytes(entry), 0),
      progressAtMs: T0_MS,
      status: 'completed',
      statusMessage: 'half',
      progress: { done: 1 },
    });
    expect(record?.entries).toEqual([
      call,
      ...put,
      { kind: 'question', name: 'x', value: JSON.stringify(request) },
      { kind: 'answer', name: 'x', value: '{"action":"decline"}' },
      { kind: 'result', name: '', value: JSON.stringify(result) },
    ]);
  });
});

describe('applyHeadPatch', () => {
  const patches: fc.Arbitrary<TaskHeadPatch> = fc.record(
    {
      status: fc.constantFrom('working' as const, 'failed' as const),
      statusMessage: fc.option(fc.string()),
      progress: fc.option(fc.record({ done: fc.nat() })),
      holder: fc.option(fc.string()),
      resultError: fc.option(fc.string()),
      dueAtMs: fc.option(fc.nat()),
      attempt: fc.nat(),
      openQuestions: fc.array(fc.string()),
      progressAtMs: fc.option(fc.nat()),
      joinState: fc.option(fc.constantFrom(...JOIN_STATES)),
    },
    { requiredKeys: [] },
  );

  it('[STOR-01] [TEST-07] replaces what is given, removes what is null, keeps the rest, and counts the version up', () => {
    const head = newHead({
      statusMessage: 'before',
      holder: 'p',
      progress: { done: 0 },
      joinKey: 'k',
      joinState: 'held',
    });
    fc.assert(
      fc.property(patches, fc.nat(), (patch, bytes) => {
        const expected = new Map<string, unknown>([
          ...Object.entries(head),
          ...Object.entries(patch),
          ['version', 2],
          ['writeId', 'next'],
          ['entryBytes', bytes],
        ]);
        for (const field of ['statusMessage', 'progress', 'holder', 'resultError', 'progressAtMs', 'joinState']) {
          if (expected.get(field) === null) expected.delete(field);
        }
        expect(new Map(Object.entries(applyHeadPatch(head, patch, { writeId: 'next', entryBytes: bytes })))).toEqual(
          expected,
        );
      }),
    );
  });
});

describe('entryBytes', () => {
  it('[SEC-04] counts the UTF-8 of name and value', () => {
    expect(entryBytes({ name: '', value: '{}' })).toBe(2);
    expect(entryBytes({ name: 'é', value: '"\u{1f600}"' })).toBe(2 + 6);
  });
});
