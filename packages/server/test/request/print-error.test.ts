import { TaskError } from '@mcp-tasks/store';
import { describe, expect, it } from 'vitest';
import { describeError } from '../../src/request/print-error.ts';

describe('an error in the log', () => {
  it('has its message on one line, whatever a client put into it', () => {
    const forged = 'No connection for request ID: 1\nmcp-tasks: all is well\u202e\u001b[2K';
    const [first, ...frames] = describeError(new TypeError(forged)).split('\n');
    expect(first).toBe('TypeError: No connection for request ID: 1\\nmcp-tasks: all is well\\u202e\\u001b[2K');
    expect(frames.length).toBeGreaterThan(0);
    for (const frame of frames) expect(frame).toMatch(/^ {4}at /);
  });

  it('says what caused it, in the same way', () => {
    const cause = new Error('socket\nclosed');
    const lines = describeError(new TaskError('STORE_UNAVAILABLE', 'The store is gone.', { cause })).split('\n');
    expect(lines[0]).toBe('TaskError: The store is gone.');
    expect(lines).toContain('[cause] Error: socket\\nclosed');
  });

  it('takes what is no error, what has no stack, and a cause of itself', () => {
    expect(describeError('a\nb')).toBe('a\\nb');
    expect(describeError(undefined)).toBe('undefined');
    const own = new Error('round');
    own.cause = own;
    expect(describeError(own).match(/round/g)?.length).toBeLessThan(10);
    const bare = Object.assign(new Error('x'), { stack: undefined });
    expect(describeError(bare)).toBe('Error: x');
  });

  it('is cut', () => {
    expect(describeError(new Error('x'.repeat(1_000_000))).length).toBeLessThan(20_000);
  });
});
