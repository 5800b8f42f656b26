import type { InputRequest } from '@mcp-tasks/wire';
import { describe, expect, it } from 'vitest';
import { type Rule, rules } from '../../src/rules.ts';
import { newHead, T0_MS } from '../heads.ts';
import { after, written } from './verdicts.ts';

const lease = { taskId: 'task-1', attempt: 2, holder: 'here' };
const held = newHead({ attempt: 2, holder: 'here', dueAtMs: T0_MS + 9, crashCount: 2 });
const request: InputRequest = { method: 'elicitation/create', params: { message: 'Sure?' } };
const limits = { maxOpenQuestions: 2 };

const heldRules: readonly (readonly [string, Rule<string>])[] = [
  ['effects', rules.effects(lease, { statusMessage: 'x' })],
  ['ask', rules.ask(lease, 'q', request, limits)],
  ['park', rules.park(lease)],
  ['release', rules.release(lease)],
];

describe.each(heldRules)('%s', (_, rule) => {
  it.each([
    ['another process has the task', { ...held, attempt: 3, holder: 'there' }],
    ['a later run of this process has the task', { ...held, attempt: 3 }],
    ['the task is over', newHead({ attempt: 2, holder: 'here', status: 'completed', dueAtMs: null })],
    ['the task is cancelled', newHead({ attempt: 2, status: 'cancelled', dueAtMs: null })],
  ])('[DURA-03] is refused when %s', (_title, head) => {
    expect(rule(head, T0_MS)).toMatchObject({ kind: 'refused', error: { code: 'RUN_ENDED' } });
  });

  it('[INTG-09] writes nothing from expiresAtMs on', () => {
    expect(rule(held, held.expiresAtMs - 1).kind).toBe('write');
    expect(rule(held, held.expiresAtMs)).toMatchObject({ kind: 'refused', error: { code: 'TASK_NOT_FOUND' } });
  });
});

describe('effects', () => {
  it('[HNDL-06] carry variables, checkpoints, progress and message in one write', () => {
    const put = [{ kind: 'variable' as const, name: 'x', value: '1' }];
    const deleted = [{ kind: 'variable' as const, name: 'y' }];
    const rule = rules.effects(lease, { put, delete: deleted, progress: { done: 1, total: 2 }, statusMessage: 'half' });
    expect(written(rule(held, T0_MS + 1)).patch).toEqual({
      head: {
        progress: { done: 1, total: 2 },
        statusMessage: 'half',
        lastUpdatedAtMs: T0_MS + 1,
        progressAtMs: T0_MS + 1,
      },
      put,
      delete: deleted,
    });
  });

  it('[DURA-02] a checkpoint proves that the task gets on: crashes are counted anew; a variable does not', () => {
    const checkpoint = rules.effects(lease, { put: [{ kind: 'checkpoint', name: 's', value: '1' }] });
    const variable = rules.effects(lease, { put: [{ kind: 'variable', name: 's', value: '1' }] });
    expect(after(checkpoint, held, T0_MS).crashCount).toBe(0);
    expect(after(variable, held, T0_MS).crashCount).toBe(2);
    expect(after(checkpoint, held, T0_MS).progressAtMs).toBe(T0_MS);
    expect(after(variable, held, T0_MS)).not.toHaveProperty('progressAtMs');
  });
});

describe('ask', () => {
  it('[HNDL-05] stores the request and opens the question in one write, with the status that follows', () => {
    const verdict = written(rules.ask(lease, 'q', request, limits)(held, T0_MS));
    expect(verdict.patch).toEqual({
      head: { status: 'input_required', openQuestions: ['q'], lastUpdatedAtMs: T0_MS },
      put: [{ kind: 'question', name: 'q', value: JSON.stringify(request) }],
    });
    const second = after(
      rules.ask(lease, 'r', request, limits),
      after(rules.ask(lease, 'q', request, limits), held, T0_MS),
      T0_MS,
    );
    expect(second).toMatchObject({ status: 'input_required', openQuestions: ['q', 'r'] });
  });

  it('[HNDL-05] leaves an open question as it is, and opens no more than the limit', () => {
    const head = { ...held, status: 'input_required' as const, openQuestions: ['a', 'b'] };
    expect(rules.ask(lease, 'b', request, limits)(head, T0_MS)).toEqual({ kind: 'done', value: 'asked' });
    expect(rules.ask(lease, 'c', request, limits)(head, T0_MS)).toMatchObject({
      kind: 'refused',
      error: { code: 'QUESTION_LIMIT', details: { taskId: 'task-1', maxOpenQuestions: 2 } },
    });
  });
});

describe('the keys of open questions', () => {
  const room = { maxOpenQuestions: 10_000 };

  it.each([
    ['many', (index: number) => String(index)],
    ['long', (index: number) => '\u0800'.repeat(128) + String(index)],
    ['long as JSON', (index: number) => '\u0001'.repeat(128) + String(index)],
  ])('have at most 11 KiB as JSON in the head, where they are %s', (_what, keyOf) => {
    let head = held;
    for (let index = 0; ; index += 1) {
      const verdict = rules.ask(lease, keyOf(index), request, room)(head, T0_MS);
      if (verdict.kind === 'refused') {
        expect(verdict.error).toMatchObject({ code: 'QUESTION_LIMIT', details: { limitBytes: 11 * 1024 } });
        break;
      }
      head = after(() => verdict, head, T0_MS);
    }
    const bytes = Buffer.byteLength(JSON.stringify(head.openQuestions));
    expect(bytes).toBeLessThanOrEqual(11 * 1024);
    expect(bytes).toBeGreaterThan(10 * 1024);
  });
});

describe('park', () => {
  const waiting = { ...held, status: 'input_required' as const, openQuestions: ['q'] };

  it('[DURA-09] leaves the task to nobody, with its question open', () => {
    const rule = rules.park(lease, { message: 'waits for Ann', awaits: ['q'] });
    expect(written(rule(waiting, T0_MS)).value).toBe('parked');
    const parked = after(rule, waiting, T0_MS);
    expect(parked).toMatchObject({
      status: 'input_required',
      dueAtMs: null,
      statusMessage: 'waits for Ann',
      openQuestions: ['q'],
      attempt: 2,
    });
    expect(parked).not.toHaveProperty('holder');
  });

  it.each([
    ['the awaited question was answered', rules.park(lease, { awaits: ['q'] }), held, held],
    ['somebody else wrote meanwhile', rules.park(lease), { ...waiting, version: 2 }, waiting],
  ])('[DURA-09] makes the task due at once when %s', (_, rule, head, first) => {
    const verdict = written(rule(head, T0_MS, first));
    expect(verdict.value).toBe('due');
    expect(verdict.patch.head).toMatchObject({ holder: null, dueAtMs: T0_MS });
  });

  it('[DURA-08] finds itself in the head when the answer was lost, also when the task was woken since', () => {
    const parked = after(rules.park(lease), waiting, T0_MS);
    expect(rules.park(lease)(parked, T0_MS, waiting)).toEqual({ kind: 'done', value: 'parked' });
    expect(rules.park(lease)({ ...parked, dueAtMs: T0_MS }, T0_MS, waiting)).toEqual({ kind: 'done', value: 'due' });
  });
});

describe('release', () => {
  it('[DURA-07] gives the task back, due at once, also one that has never run', () => {
    for (const attempt of [0, 2]) {
      const released = after(rules.release({ ...lease, attempt }), { ...held, attempt }, T0_MS);
      expect(released).toMatchObject({ attempt, dueAtMs: T0_MS, crashCount: 2 });
      expect(released).not.toHaveProperty('holder');
      expect(rules.release({ ...lease, attempt })(released, T0_MS)).toEqual({ kind: 'done', value: 'released' });
    }
  });
});
