import { inspect } from 'node:util';
import { TaskError } from '@mcp-tasks/store';
import { describe, expect, it } from 'vitest';
import { storeError } from '../src/errors.ts';

const withCode = (code: string) => Object.assign(new TypeError('words of the driver'), { code });

describe('an error of the driver', () => {
  it.each<[unknown, boolean, RegExp]>([
    [new TypeError('WRONGPASS invalid username-password pair or user is disabled.'), false, /refused the password/],
    [new TypeError('NOAUTH Authentication required.'), false, /refused the password/],
    [new TypeError("NOPERM this user has no permissions to run the 'evalsha' command"), false, /lacks a right/],
    [new TypeError('ERR DB index is out of range'), false, /database does not exist/],
    [new TypeError("OOM command not allowed when used memory > 'maxmemory'."), true, /out of memory/],
    [new TypeError('LOADING Redis is loading the dataset in memory'), true, /cannot take writes/],
    // As Redis 6.2 tells it from inside of a script.
    [
      new TypeError('ERR Error running script (call to f_1): @user_script:5: -READONLY You can’t write'),
      true,
      /primary/,
    ],
    [withCode('ECONNREFUSED'), true, /No Redis answers/],
    [withCode('ENOTFOUND'), false, /host .* is unknown/],
    [withCode('ECONNRESET'), true, /broke/],
    [withCode('CERT_HAS_EXPIRED'), false, /certificate/],
    [new TypeError('Connection is closed.'), true, /broke/],
    [new TypeError('Reached the max retries per request limit (which is 3).'), true, /broke/],
    [new TypeError('Command timed out'), true, /no answer came in time/],
    [new TypeError('ERR something new'), false, /see the cause/],
    [undefined, false, /see the cause/],
  ])('%s becomes STORE_UNAVAILABLE, retryable %s', (error, retryable, message) => {
    const told = storeError(error);
    expect(told).toMatchObject({
      code: 'STORE_UNAVAILABLE',
      retryable,
      message: expect.stringMatching(message) as string,
    });
    expect(told.cause).toBe(error);
    expect(told.message).not.toContain('words of the driver');
  });

  it('keeps no arguments of its command, which may be a password or what a task holds', () => {
    const command = { name: 'evalsha', args: ['secret of a task'] };
    const told = storeError(Object.assign(new TypeError('ERR something new'), { command }));
    expect(inspect(told, { depth: 10 })).toContain('evalsha');
    expect(inspect(told, { depth: 10 })).not.toContain('secret');
  });

  it('that is typed already stays as it is', () => {
    const error = new TaskError('STORE_CLOSED', 'closed');
    expect(storeError(error)).toBe(error);
  });
});
