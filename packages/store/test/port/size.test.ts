import { describe, expect, it } from 'vitest';
import { oversizeError, oversizeOf } from '../../src/rules.ts';

describe('the size of a text', () => {
  it.each([
    ['', 0],
    ['abc', 3],
    ['é', 2],
  ])('[STOR-03] of %j fits into %i bytes, and not into one less', (text, bytes) => {
    expect(oversizeOf(text, bytes)).toBeUndefined();
    expect(oversizeOf(text, bytes - 1)).toEqual({ actualBytes: bytes, limitBytes: bytes - 1 });
  });

  it('[STOR-03] is told with its limit, beside the other facts', () => {
    const error = oversizeError('RESULT_TOO_LARGE', 'The result', { actualBytes: 3, limitBytes: 2 }, { tool: 'a' });
    expect(error).toMatchObject({
      code: 'RESULT_TOO_LARGE',
      message: 'The result has 3 bytes; the limit is 2.',
      details: { tool: 'a', actualBytes: 3, limitBytes: 2 },
      retryable: false,
    });
  });
});
