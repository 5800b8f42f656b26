import { describe, expect, it } from 'vitest';
import { inProcessExecutor } from '../../src/index.ts';

describe('the in-process executor', () => {
  it.each([-1, 1.5, NaN, Infinity])('refuses a concurrency of %s', (concurrency) => {
    expect(() => inProcessExecutor({ concurrency })).toThrow(RangeError);
  });

  it.each([0, -1, 1.5, NaN, Infinity])('refuses a maxRunningPerOwner of %s', (maxRunningPerOwner) => {
    expect(() => inProcessExecutor({ maxRunningPerOwner })).toThrow(RangeError);
  });

  it('takes a concurrency of 0, for a process that serves and runs nothing', () => {
    expect(inProcessExecutor({ concurrency: 0 }).queue).toBe('');
  });
});
