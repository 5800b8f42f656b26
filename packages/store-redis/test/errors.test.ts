import { inspect } from 'node:util';
import { TaskError } from '@mcp-tasks/store';
import { describe, expect, it } from 'vitest';
import { storeError } from '../src/errors.ts';

const withCode = (code: string) => Object.assign(new TypeError('words of the driver'), { code });

/** What the driver says; whether it may pass while a store opens, and once it is open; what is told. */
const CASES: readonly (readonly [unknown, boolean, boolean, RegExp])[] = [
  // login and rights
  [new TypeError('WRONGPASS invalid username-password pair or user is disabled.'), false, true, /refused the password/],
  [new TypeError('NOAUTH Authentication required.'), false, true, /refused the password/],
  [new TypeError("NOPERM this user has no permissions to run the 'evalsha' command"), false, true, /lacks a right/],
  [
    new TypeError('ERR ACL failure in script: No permissions to access a key script: 1, on @user_script:7.'),
    false,
    true,
    /lacks a right/,
  ],
  [new TypeError('ERR DB index is out of range'), false, true, /database does not exist/],
  // the server
  [new TypeError("OOM command not allowed when used memory > 'maxmemory'."), true, true, /out of memory/],
  [new TypeError('ERR max number of clients reached'), true, true, /no more clients/],
  [new TypeError('LOADING Redis is loading the dataset in memory'), true, true, /cannot take writes/],
  [
    new TypeError("MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'."),
    true,
    true,
    /cannot take writes/,
  ],
  [new TypeError('CLUSTERDOWN Hash slot not served'), true, true, /cannot take writes/],
  [new TypeError('TRYAGAIN Multiple keys request during rehashing of slot'), true, true, /cannot take writes/],
  [new TypeError('NOREPLICAS Not enough good replicas to write.'), true, true, /cannot take writes/],
  // As Redis 7 and 6.2 tell it from inside of a script.
  [
    new TypeError('READONLY You can’t write against a read only replica. script: 1, on @user_script:66.'),
    true,
    true,
    /primary/,
  ],
  [
    new TypeError('ERR Error running script (call to f_1): @user_script:5: -READONLY You can’t write'),
    true,
    true,
    /primary/,
  ],
  [
    new TypeError('ERR Script attempted to access a non local key in a cluster node script: 1, on @user_script:5.'),
    true,
    true,
    /at present/,
  ],
  [new TypeError('Failed to refresh slots cache.'), true, true, /cluster is whole/],
  // the network and this machine
  [withCode('ECONNREFUSED'), true, true, /No Redis answers/],
  [withCode('ENOTFOUND'), false, true, /host .* is unknown/],
  [withCode('ECONNRESET'), true, true, /broke/],
  [withCode('ENETDOWN'), true, true, /broke/],
  [withCode('EMFILE'), true, true, /limit of open files/],
  [withCode('EADDRNOTAVAIL'), true, true, /out of files, ports/],
  [withCode('CERT_HAS_EXPIRED'), false, true, /certificate/],
  [new TypeError('Connection is closed.'), true, true, /broke/],
  [new TypeError('Reached the max retries per request limit (which is 0).'), true, true, /broke/],
  [new TypeError('Command timed out'), true, true, /no answer came in time/],
  [new TypeError('ERR something new'), false, true, /see the cause/],
  [undefined, false, true, /see the cause/],
  // the store's own scripts, and the keys that they meet
  [new TypeError('ERR user_script:1: attempt to perform arithmetic on a nil value'), false, false, /refused a script/],
  [
    new TypeError('ERR Error compiling script (new function): user_script:1: unexpected symbol'),
    false,
    false,
    /refused a script/,
  ],
  [
    new TypeError('ERR value is not an integer or out of range script: 1, on @user_script:1.'),
    false,
    false,
    /refused a script/,
  ],
  [new TypeError("ERR wrong number of arguments for 'evalsha' command"), false, false, /refused a script/],
  [new TypeError('WRONGTYPE Operation against a key holding the wrong kind of value'), false, false, /of another type/],
];

describe('an error of the driver', () => {
  it.each(CASES)('%s may pass while the store opens: %s, once it is open: %s', (error, opening, open, message) => {
    for (const [isOpen, retryable] of [
      [false, opening],
      [true, open],
    ] as const) {
      const told = storeError(error, isOpen);
      expect(told).toMatchObject({
        code: 'STORE_UNAVAILABLE',
        retryable,
        message: expect.stringMatching(message) as string,
      });
      expect(told.cause).toBe(error);
      expect(told.message).not.toContain('words of the driver');
    }
  });

  it('keeps no arguments of its command, which may be a password or what a task holds', () => {
    const command = { name: 'evalsha', args: ['secret of a task'] };
    const told = storeError(Object.assign(new TypeError('ERR something new'), { command }), true);
    expect(inspect(told, { depth: 10 })).toContain('evalsha');
    expect(inspect(told, { depth: 10 })).not.toContain('secret');
  });

  it('that is typed already stays as it is', () => {
    const error = new TaskError('STORE_CLOSED', 'closed');
    expect(storeError(error, true)).toBe(error);
  });
});
