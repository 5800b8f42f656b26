import { TaskError } from '@mcp-tasks/store';
import { describe, expect, it } from 'vitest';
import { storeError } from '../src/errors.ts';

const withCode = (code: string, message = 'words of the driver') => Object.assign(new TypeError(message), { code });

type Told = readonly ['STORE_UNAVAILABLE' | 'STORE_INCOMPATIBLE', RegExp];
const UNEXPECTED: Told = ['STORE_UNAVAILABLE', /see the cause/];

/** What the driver says; whether it may pass while a store opens, and once it is open; what is told. */
const CASES: readonly (readonly [unknown, boolean, boolean, ...Told])[] = [
  // login and rights
  [withCode('28P01'), false, true, 'STORE_UNAVAILABLE', /refused the password/],
  [
    new TypeError('SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string'),
    false,
    true,
    'STORE_UNAVAILABLE',
    /refused the password/,
  ],
  [withCode('28000'), false, true, 'STORE_UNAVAILABLE', /refused the login/],
  [withCode('3D000'), false, true, 'STORE_UNAVAILABLE', /database does not exist/],
  [withCode('42501'), false, true, 'STORE_UNAVAILABLE', /lacks a right/],
  // the server
  [withCode('25006'), true, true, 'STORE_UNAVAILABLE', /connect to the primary/],
  [withCode('40001'), true, true, 'STORE_UNAVAILABLE', /rolled the statement back/],
  [withCode('40P01'), true, true, 'STORE_UNAVAILABLE', /rolled the statement back/],
  [withCode('53300'), true, true, 'STORE_UNAVAILABLE', /out of a resource/],
  [withCode('53100'), true, true, 'STORE_UNAVAILABLE', /out of a resource/],
  [
    withCode('XX000', 'MaxClientsInSessionMode: max clients reached'),
    true,
    true,
    'STORE_UNAVAILABLE',
    /out of a resource/,
  ],
  [withCode('55P03'), true, true, 'STORE_UNAVAILABLE', /waiting for a lock/],
  [withCode('57P01'), true, true, 'STORE_UNAVAILABLE', /stopping/],
  [withCode('57P03'), true, true, 'STORE_UNAVAILABLE', /starting/],
  [withCode('58030'), true, true, 'STORE_UNAVAILABLE', /files/],
  [withCode('08P01'), true, true, 'STORE_UNAVAILABLE', /broke/],
  [withCode('26000'), false, true, ...UNEXPECTED],
  [withCode('XX000'), false, true, ...UNEXPECTED],
  // the network and this machine
  [withCode('ECONNREFUSED'), true, true, 'STORE_UNAVAILABLE', /No PostgreSQL answers/],
  [withCode('ENOTFOUND'), false, true, 'STORE_UNAVAILABLE', /host .* is unknown/],
  [withCode('EAI_AGAIN'), true, true, 'STORE_UNAVAILABLE', /cannot be looked up/],
  [withCode('ECONNRESET'), true, true, 'STORE_UNAVAILABLE', /broke/],
  [withCode('ENETDOWN'), true, true, 'STORE_UNAVAILABLE', /broke/],
  [withCode('ENETUNREACH'), true, true, 'STORE_UNAVAILABLE', /broke/],
  [withCode('EMFILE'), true, true, 'STORE_UNAVAILABLE', /limit of open files/],
  [withCode('EADDRNOTAVAIL'), true, true, 'STORE_UNAVAILABLE', /out of files, ports/],
  [withCode('CERT_HAS_EXPIRED'), false, true, 'STORE_UNAVAILABLE', /certificate/],
  [new TypeError('Connection terminated unexpectedly'), true, true, 'STORE_UNAVAILABLE', /broke/],
  [new TypeError('The server does not support SSL connections'), false, true, 'STORE_UNAVAILABLE', /offers no TLS/],
  [new TypeError('words of a password function'), false, true, ...UNEXPECTED],
  [undefined, false, true, ...UNEXPECTED],
  // the store's own statements, and the tables that they meet
  [withCode('21000'), false, false, ...UNEXPECTED],
  [withCode('22P02'), false, false, ...UNEXPECTED],
  [withCode('23505'), false, false, ...UNEXPECTED],
  [withCode('42601'), false, false, ...UNEXPECTED],
  [withCode('P0001'), false, false, ...UNEXPECTED],
  [withCode('3F000'), false, false, 'STORE_INCOMPATIBLE', /name another `schema`/],
  [withCode('42P01'), false, false, 'STORE_INCOMPATIBLE', /name another `schema`/],
  [withCode('42883'), false, false, 'STORE_INCOMPATIBLE', /name another `schema`/],
];

describe('an error of the driver', () => {
  it.each(CASES)(
    '%s may pass while the store opens: %s, once it is open: %s',
    (error, opening, open, code, message) => {
      for (const [isOpen, retryable] of [
        [false, opening],
        [true, open],
      ] as const) {
        const told = storeError(error, isOpen);
        expect(told).toMatchObject({ code, retryable, message: expect.stringMatching(message) as string });
        expect(told.cause).toBe(error);
        expect(told.message).not.toContain('words of');
      }
    },
  );

  it('that is typed already stays as it is', () => {
    const error = new TaskError('STORE_CLOSED', 'closed');
    expect(storeError(error, true)).toBe(error);
  });
});
