import { describe, expect, it } from 'vitest';
import { rules } from '../../src/rules.ts';
import { newHead, T0_MS } from '../heads.ts';
import { after, written } from './verdicts.ts';

const yes = { action: 'accept', content: { confirm: true } };
const held = newHead({
  attempt: 1,
  holder: 'here',
  status: 'input_required',
  openQuestions: ['a', 'b'],
  crashCount: 2,
});
const ignored = { kind: 'done', value: { keys: [], wakes: false } };

describe('answer', () => {
  it('[DURA-05] takes some of the answers and stays input_required, then the rest and works again', () => {
    const some = written(rules.answer({ b: yes, unknown: yes })(held, T0_MS));
    expect(some.value).toEqual({ keys: ['b'], wakes: false });
    expect(some.patch.put).toEqual([{ kind: 'answer', name: 'b', value: JSON.stringify(yes) }]);
    const half = after(rules.answer({ b: yes }), held, T0_MS);
    expect(half).toMatchObject({ status: 'input_required', openQuestions: ['a'], crashCount: 0, holder: 'here' });
    expect(after(rules.answer({ a: yes }), half, T0_MS)).toMatchObject({ status: 'working', openQuestions: [] });
  });

  it.each([
    ['unknown keys', held, { other: yes }],
    ['inherited names', { ...held, openQuestions: ['toString', '__proto__'] }, {}],
    ['answers that come after the end', newHead({ status: 'cancelled', dueAtMs: null }), { a: yes }],
    ['a second answer', { ...held, openQuestions: ['b'] }, { a: yes }],
  ])('[DURA-04] ignores %s', (_, head, responses) => {
    expect(rules.answer(responses)(head, T0_MS)).toEqual(ignored);
  });

  it('[DURA-09] makes a parked task due in the same write, with the first answer', () => {
    const parked = newHead({ attempt: 1, status: 'input_required', openQuestions: ['a', 'b'], dueAtMs: null });
    const verdict = written(rules.answer({ a: yes })(parked, T0_MS + 7));
    expect(verdict.value).toEqual({ keys: ['a'], wakes: true });
    expect(verdict.patch.head.dueAtMs).toBe(T0_MS + 7);
  });

  it('[DURA-09] leaves the due time of a task that is held or due already', () => {
    for (const head of [held, { ...held, holder: undefined, dueAtMs: T0_MS }]) {
      const verdict = written(rules.answer({ a: yes })(head, T0_MS));
      expect(verdict.value.wakes).toBe(false);
      expect(verdict.patch.head).not.toHaveProperty('dueAtMs');
    }
  });

  it('[INTG-09] writes nothing from expiresAtMs on', () => {
    expect(rules.answer({ a: yes })(held, held.expiresAtMs)).toMatchObject({
      kind: 'refused',
      error: { code: 'TASK_NOT_FOUND' },
    });
  });
});
