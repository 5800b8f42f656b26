import { describe, expect, it } from 'vitest';
import type { TaskHead } from '../../src/index.ts';
import { type ClaimOptions, rules } from '../../src/rules.ts';
import { HOUR_MS, newHead, T0_MS } from '../heads.ts';
import { after, onlyPut, written } from './verdicts.ts';

const options: ClaimOptions = { holder: 'here', leaseMs: 20_000, onCrash: 'rerun', maxCrashes: 3 };
const running: Partial<TaskHead> = { attempt: 1, holder: 'there', dueAtMs: T0_MS };

describe('claim', () => {
  it.each([
    { title: 'a task that is due and held by nobody', head: newHead({}) },
    {
      title: 'a task that this process queued, before its lease ends',
      head: newHead({ holder: 'here', dueAtMs: T0_MS + 9 }),
    },
    { title: 'a queued task whose process is gone', head: newHead({ holder: 'there', dueAtMs: T0_MS }) },
    { title: 'a task that waits for an answer', head: newHead({ status: 'input_required', openQuestions: ['q'] }) },
  ])('[DURA-07] takes $title, as a first run without a crash', ({ head }) => {
    const verdict = written(rules.claim(options)(head, T0_MS));
    expect(verdict.value).toEqual({ status: 'claimed', lease: { taskId: 'task-1', attempt: 1, holder: 'here' } });
    expect(after(rules.claim(options), head, T0_MS)).toEqual({
      ...head,
      version: 2,
      attempt: 1,
      holder: 'here',
      dueAtMs: T0_MS + 20_000,
    });
  });

  it.each([
    { title: 'held by a living run elsewhere', head: newHead({ ...running, dueAtMs: T0_MS + 1 }) },
    { title: 'running in this process', head: newHead({ ...running, holder: 'here', dueAtMs: T0_MS + 1 }) },
    { title: 'queued by another living process', head: newHead({ holder: 'there', dueAtMs: T0_MS + 1 }) },
    { title: 'parked', head: newHead({ attempt: 1, dueAtMs: null }) },
    { title: 'due later', head: newHead({ dueAtMs: T0_MS + 1 }) },
    { title: 'over', head: newHead({ status: 'completed', dueAtMs: null }) },
  ])('[DURA-07] leaves a task that is $title', ({ head }) => {
    expect(rules.claim(options)(head, T0_MS)).toEqual({ kind: 'done', value: { status: 'not-due' } });
  });

  it('[DURA-03] counts a crash when the lease of a started run ran out, and none when the run was given back', () => {
    expect(after(rules.claim(options), newHead({ ...running, crashCount: 1 }), T0_MS)).toMatchObject({
      attempt: 2,
      crashCount: 2,
    });
    const given = newHead({ attempt: 4, crashCount: 1, dueAtMs: T0_MS });
    expect(after(rules.claim(options), given, T0_MS)).toMatchObject({ attempt: 5, crashCount: 1 });
  });

  it('[DURA-03] fails a rerun task at the last crash allowed, with TASK_INTERRUPTED', () => {
    const head = newHead({ ...running, crashCount: 2, status: 'input_required', openQuestions: ['q'] });
    const verdict = rules.claim(options)(head, T0_MS);
    expect(written(verdict).value).toEqual({ status: 'crashed-out' });
    expect(JSON.parse(onlyPut(verdict).value)).toEqual({
      code: -32603,
      message: 'The task was interrupted: its process stopped 3 times in a row.',
      data: { code: 'TASK_INTERRUPTED' },
    });
    const ended = after(rules.claim(options), head, T0_MS);
    expect(ended).toMatchObject({ status: 'failed', dueAtMs: null, openQuestions: [] });
    expect(ended).not.toHaveProperty('holder');
  });

  it('[DURA-03] fails a fail task whose run was lost or given back, and keeps the error readable', () => {
    const rule = rules.claim({ ...options, onCrash: 'fail', keepResultMs: 2 * HOUR_MS });
    for (const holder of ['there', undefined]) {
      const head = newHead({ attempt: 1, holder });
      expect(written(rule(head, T0_MS)).value).toEqual({ status: 'interrupted' });
      expect(onlyPut(rule(head, T0_MS))).toMatchObject({ kind: 'error', name: '' });
      expect(after(rule, head, T0_MS)).toMatchObject({
        status: 'failed',
        expiresAtMs: T0_MS + 2 * HOUR_MS,
        crashCount: 0,
      });
    }
  });

  it('[DURA-03] runs a fail task that has never run, also when its process is gone', () => {
    const rule = rules.claim({ ...options, onCrash: 'fail' });
    expect(written(rule(newHead({ holder: 'there' }), T0_MS)).value).toMatchObject({ status: 'claimed' });
  });

  it('[DURA-08] finds its own claim when the answer was lost, and only its own', () => {
    const first = newHead({});
    const claimed = { status: 'claimed', lease: { taskId: 'task-1', attempt: 1, holder: 'here' } };
    const head = after(rules.claim(options), first, T0_MS);
    expect(rules.claim(options)(head, T0_MS + 1, first)).toEqual({ kind: 'done', value: claimed });
    const notDue = { kind: 'done', value: { status: 'not-due' } };
    expect(rules.claim(options)({ ...head, holder: 'there' }, T0_MS + 1, first)).toEqual(notDue);
    expect(rules.claim(options)(head, T0_MS + 1)).toEqual(notDue);
  });

  it('[INTG-09] is refused from expiresAtMs on', () => {
    const head = newHead({});
    expect(rules.claim(options)(head, head.expiresAtMs - 1).kind).toBe('write');
    expect(rules.claim(options)(head, head.expiresAtMs)).toMatchObject({
      kind: 'refused',
      error: { code: 'TASK_NOT_FOUND' },
    });
  });
});
