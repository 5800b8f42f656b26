import { canTransition, isTerminalStatus, TASK_STATUSES, type TaskStatus, TaskStatusSchema } from '@mcp-tasks/wire';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TASK_TRANSITIONS } from '../src/message/status.ts';

// Rows: present status; columns: next status, in the order of TASK_STATUSES.
const ALLOWED: Readonly<Record<TaskStatus, readonly [boolean, boolean, boolean, boolean, boolean]>> = {
  working: [false, true, true, true, true],
  input_required: [true, false, true, true, true],
  completed: [false, false, false, false, false],
  failed: [false, false, false, false, false],
  cancelled: [false, false, false, false, false],
};

const PAIRS = TASK_STATUSES.flatMap((from) =>
  TASK_STATUSES.map((to, column) => ({ from, to, allowed: ALLOWED[from][column] })),
);

describe('the five statuses', () => {
  it('[TYPE-02] are working, input_required, completed, failed and cancelled', () => {
    expect(TASK_STATUSES).toEqual(['working', 'input_required', 'completed', 'failed', 'cancelled']);
    expect(TASK_STATUSES.map((status) => TaskStatusSchema.parse(status))).toEqual(TASK_STATUSES);
  });

  it('[TYPE-02] anything else is a parse error', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.anything()), (value) => {
        fc.pre(!TASK_STATUSES.includes(value as TaskStatus));
        expect(TaskStatusSchema.safeParse(value).ok).toBe(false);
      }),
    );
    for (const near of ['Working', 'working ', 'input-required', 'submitted', 'unknown', 'toString', '__proto__']) {
      expect(TaskStatusSchema.safeParse(near).ok).toBe(false);
    }
  });
});

describe('the table of transitions', () => {
  it.each(PAIRS)('[TYPE-03] [TEST-02] $from to $to: $allowed', ({ from, to, allowed }) => {
    expect(canTransition(from, to)).toBe(allowed);
  });

  it('[TYPE-03] [TEST-02] names every status as a row, and nothing else', () => {
    expect(Object.keys(TASK_TRANSITIONS).toSorted()).toEqual(TASK_STATUSES.toSorted());
    expect(PAIRS.filter(({ allowed }) => allowed)).toHaveLength(8);
  });

  it('[TYPE-03] cannot be changed by one who uses it', () => {
    expect(() => (TASK_TRANSITIONS.completed as TaskStatus[]).push('working')).toThrow(TypeError);
  });

  it('[TYPE-03] [TEST-02] a terminal status is one that nothing follows', () => {
    expect(TASK_STATUSES.filter(isTerminalStatus)).toEqual(['completed', 'failed', 'cancelled']);
  });

  it('[TEST-02] every allowed walk stops at its first terminal status', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...TASK_STATUSES), { maxLength: 20 }), (wanted) => {
        const walk = wanted.reduce<TaskStatus[]>(
          (path, to) => (canTransition(path.at(-1) ?? 'working', to) ? [...path, to] : path),
          ['working'],
        );
        expect(walk.slice(0, -1).filter(isTerminalStatus)).toEqual([]);
        expect(walk.every((status, index) => status !== walk[index + 1])).toBe(true);
      }),
    );
  });
});
