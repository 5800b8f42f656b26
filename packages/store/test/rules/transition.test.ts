import { TASK_STATUSES } from '@mcp-tasks/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { transitionError, write } from '../../src/rules/rule.ts';
import { newHead, T0_MS } from '../heads.ts';

const allowed = new Set(
  ['working', 'input_required'].flatMap((from) =>
    TASK_STATUSES.filter((to) => to !== from).map((to) => `${from} ${to}`),
  ),
);

describe('transitions', () => {
  it('[TYPE-03] [TEST-02] [TEST-07] allows working and input_required each other and every terminal status, nothing else', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...TASK_STATUSES),
        fc.constantFrom(...TASK_STATUSES),
        fc.string(),
        (from, to, taskId) => {
          const error = transitionError(taskId, from, to);
          expect(error === undefined).toBe(allowed.has(`${from} ${to}`));
        },
      ),
      { numRuns: 200 },
    );
  });

  it('[TYPE-03] names task, from and to in the error', () => {
    const error = transitionError('task-9', 'completed', 'working');
    expect(error).toMatchObject({
      code: 'TASK_INVALID_TRANSITION',
      message: 'Task task-9 cannot go from completed to working.',
      details: { taskId: 'task-9', from: 'completed', to: 'working' },
    });
  });

  it('[STOR-06] refuses any write whose status the table forbids, for every pair of statuses', () => {
    for (const from of TASK_STATUSES) {
      for (const status of TASK_STATUSES) {
        const verdict = write(newHead({ status: from }), T0_MS, { status }, 'value');
        expect(verdict.kind).toBe(allowed.has(`${from} ${status}`) ? 'write' : 'refused');
      }
    }
  });

  it('[STOR-01] never moves lastUpdatedAtMs back', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), (lastUpdatedAtMs, nowMs) => {
        const verdict = write(newHead({ lastUpdatedAtMs }), nowMs, {}, 'value');
        expect(verdict).toMatchObject({ patch: { head: { lastUpdatedAtMs: Math.max(lastUpdatedAtMs, nowMs) } } });
      }),
    );
  });
});
