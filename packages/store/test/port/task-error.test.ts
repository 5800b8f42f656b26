import { describe, expect, it, vi } from 'vitest';
import { TASK_ERROR_CODES, TaskError } from '../../src/index.ts';

describe('TaskError', () => {
  it('[TYPE-09] carries code, message, details, cause and whether to try again', () => {
    const cause = new RangeError('driver text');
    const error = new TaskError('STORE_UNAVAILABLE', 'No store.', { details: { host: 'a' }, retryable: true, cause });
    expect(error).toMatchObject({
      name: 'TaskError',
      code: 'STORE_UNAVAILABLE',
      message: 'No store.',
      details: { host: 'a' },
      retryable: true,
    });
    expect(error.cause).toBe(cause);
    expect(new TaskError('TASK_NOT_FOUND', 'x')).toMatchObject({ details: {}, retryable: false });
    expect(new TaskError('TASK_NOT_FOUND', 'x')).not.toHaveProperty('cause');
  });

  it('[TYPE-09] is told from anything else, by code, also when it comes from another copy of the package', async () => {
    vi.resetModules();
    const copy = await import('../../src/port/task-error.ts');
    expect(copy.TaskError).not.toBe(TaskError);
    const foreign = new copy.TaskError('STORE_CLOSED', 'x');
    expect(TaskError.is(foreign)).toBe(true);
    expect(TaskError.is(foreign, 'STORE_CLOSED')).toBe(true);
    expect(TaskError.is(foreign, 'TASK_NOT_FOUND')).toBe(false);
    for (const other of [new RangeError('x'), { code: 'STORE_CLOSED' }, null, undefined, 'STORE_CLOSED']) {
      expect(TaskError.is(other)).toBe(false);
    }
  });

  it('[TYPE-09] has codes in upper snake case, each once', () => {
    expect(new Set(TASK_ERROR_CODES).size).toBe(TASK_ERROR_CODES.length);
    for (const code of TASK_ERROR_CODES) expect(code).toMatch(/^[A-Z]+(_[A-Z]+)*$/);
  });
});
