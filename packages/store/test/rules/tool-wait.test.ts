import { describe, expect, it } from 'vitest';
import { rules, saysWait } from '../../src/rules.ts';
import { newHead, T0_MS } from '../heads.ts';
import { after, written } from './verdicts.ts';

const MESSAGE = 'Waits for a process that knows tool "count".';
const queued = newHead({ dueAtMs: T0_MS });
const lease = { taskId: 'task-1', attempt: 2, holder: 'here' };

describe('tellWait', () => {
  const rule = rules.tellWait(T0_MS);

  it('[LIFE-09] writes the message and nothing that decides when the task is due', () => {
    const { patch } = written(rule(queued, T0_MS + 60_000));
    expect(patch.head).toEqual({ statusMessage: MESSAGE, lastUpdatedAtMs: T0_MS + 60_000 });
    expect([patch.put, patch.delete]).toEqual([undefined, undefined]);
    expect(saysWait(queued)).toBe(false);
    expect(saysWait(after(rule, queued, T0_MS + 60_000))).toBe(true);
  });

  it('[LIFE-09] takes the place of what a run said before, also of one that was lost', () => {
    const lost = newHead({ dueAtMs: T0_MS, attempt: 1, holder: 'gone', statusMessage: 'half way' });
    expect(after(rule, lost, T0_MS)).toMatchObject({
      statusMessage: MESSAGE,
      attempt: 1,
      holder: 'gone',
      dueAtMs: T0_MS,
    });
  });

  it.each([
    ['is due later', newHead({ dueAtMs: T0_MS + 1 })],
    ['is held again', newHead({ dueAtMs: T0_MS + 20_000, attempt: 2, holder: 'here' })],
    ['is parked', newHead({ dueAtMs: null })],
    ['is over', newHead({ status: 'completed', dueAtMs: null })],
    ['says so already', newHead({ dueAtMs: T0_MS, statusMessage: MESSAGE })],
  ])('[LIFE-09] writes nothing when the task %s', (_title, head) => {
    expect(rule(head, T0_MS)).toEqual({ kind: 'done', value: 'left' });
  });

  it('[LIFE-09] writes nothing from expiresAtMs on', () => {
    expect(rule(queued, queued.expiresAtMs)).toMatchObject({ kind: 'refused', error: { code: 'TASK_NOT_FOUND' } });
  });
});

describe('the next write of a run', () => {
  const held = newHead({ attempt: 2, holder: 'here', dueAtMs: T0_MS + 9, statusMessage: MESSAGE });
  const question = { method: 'elicitation/create' as const, params: { message: 'Sure?' } };

  it.each([
    ['effects', rules.effects(lease, {})],
    ['a question', rules.ask(lease, 'q', question, { maxOpenQuestions: 2 })],
    ['parking', rules.park(lease)],
    ['release', rules.release(lease)],
    ['its result', rules.complete(lease, { result: { content: [] }, keepResultMs: 0 })],
  ] as const)('[LIFE-09] takes the message back: %s', (_title, rule) => {
    expect(after<unknown>(rule, held, T0_MS).statusMessage).toBeUndefined();
    expect(after<unknown>(rule, { ...held, statusMessage: 'half way' }, T0_MS).statusMessage).toBe('half way');
  });

  it('[LIFE-09] shows its own message instead, if it has one', () => {
    expect(after(rules.effects(lease, { statusMessage: 'half way' }), held, T0_MS).statusMessage).toBe('half way');
    expect(after(rules.park(lease, { message: 'parked' }), held, T0_MS).statusMessage).toBe('parked');
    const failure = { code: -32603, message: 'failed' };
    expect(after(rules.fail(lease, failure, 0), held, T0_MS).statusMessage).toBe('failed');
  });
});
