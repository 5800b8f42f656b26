import { describe, expect, it } from 'vitest';
import type { TaskEntry } from '../../src/index.ts';
import { rules } from '../../src/rules.ts';
import { newHead, T0_MS } from '../heads.ts';
import { after, written } from './verdicts.ts';

const lease = { taskId: 'task-1', attempt: 2, holder: 'here' };
const parked = newHead({ attempt: 2, dueAtMs: null, crashCount: 1 });
const held = newHead({ attempt: 2, holder: 'here', dueAtMs: T0_MS + 9, crashCount: 1 });
const put: TaskEntry[] = [{ kind: 'outcome', name: 'step:a', value: '1' }];
const completion = { result: { content: [{ type: 'text' as const, text: 'all done' }] }, keepResultMs: 0 };

describe('outcome', () => {
  it('[EXEC-01] writes entries and message, and makes a parked task due in the same write', () => {
    const verdict = written(rules.outcome({ put, statusMessage: 'waits for b', wakes: true })(parked, T0_MS + 5));
    expect(verdict.patch).toEqual({
      head: { statusMessage: 'waits for b', dueAtMs: T0_MS + 5, lastUpdatedAtMs: T0_MS + 5 },
      put,
    });
  });

  it('leaves a held task to its run: nobody is woken', () => {
    const verdict = written(rules.outcome({ put, wakes: true })(held, T0_MS));
    expect(verdict.patch.head).not.toHaveProperty('dueAtMs');
  });

  it('leaves a parked task parked when nothing is there to do', () => {
    expect(after(rules.outcome({ put }), parked, T0_MS).dueAtMs).toBeNull();
  });

  it('begins the count of crashes anew with progress only', () => {
    expect(after(rules.outcome({ put, isProgress: true }), held, T0_MS).crashCount).toBe(0);
    expect(after(rules.outcome({ put }), held, T0_MS).crashCount).toBe(1);
  });

  it('withdraws questions, and with the last of them the task works again', () => {
    const asking = newHead({ ...parked, status: 'input_required', openQuestions: ['a', 'b'] });
    const one = after(rules.outcome({ put, closes: ['a', 'x'] }), asking, T0_MS);
    expect(one).toMatchObject({ status: 'input_required', openQuestions: ['b'] });
    const both = after(rules.outcome({ put, closes: ['a', 'b'] }), asking, T0_MS);
    expect(both).toMatchObject({ status: 'working', openQuestions: [] });
  });

  it('[EXEC-01] ends the task in the write of its last outcome', () => {
    const verdict = written(rules.outcome({ put, completion })(parked, T0_MS));
    expect(verdict.patch.put).toEqual([...put, { kind: 'result', name: '', value: JSON.stringify(completion.result) }]);
    expect(after(rules.outcome({ put, completion }), parked, T0_MS)).toMatchObject({ status: 'completed' });
  });

  it.each([['completed' as const], ['failed' as const], ['cancelled' as const]])(
    'records nothing for a %s task',
    (status) => {
      const over = newHead({ status, dueAtMs: null, attempt: 1 });
      expect(rules.outcome({ put })(over, T0_MS)).toMatchObject({
        kind: 'refused',
        error: { code: 'TASK_ALREADY_TERMINAL', details: { taskId: 'task-1', status } },
      });
    },
  );

  it('records nothing for an expired task', () => {
    expect(rules.outcome({ put })(parked, parked.expiresAtMs)).toMatchObject({ error: { code: 'TASK_NOT_FOUND' } });
  });

  it('records for a run only while it holds the task', () => {
    expect(rules.outcome({ put, lease })(held, T0_MS).kind).toBe('write');
    expect(rules.outcome({ put, lease })(parked, T0_MS)).toMatchObject({ error: { code: 'RUN_ENDED' } });
    const taken = newHead({ ...held, attempt: 3, holder: 'there' });
    expect(rules.outcome({ put, lease })(taken, T0_MS)).toMatchObject({ error: { code: 'RUN_ENDED' } });
  });

  it('takes a completion that a run finds done for its own', () => {
    const rule = rules.outcome({ put, lease, completion });
    expect(rule(after(rule, held, T0_MS), T0_MS)).toEqual({ kind: 'done', value: undefined });
  });
});
