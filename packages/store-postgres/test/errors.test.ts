import { TaskError } from '@mcp-tasks/store';
import { describe, expect, it } from 'vitest';
import { storeError } from '../src/errors.ts';

const withCode = (code: string, message = 'words of the driver') => Object.assign(new TypeError(message), { code });

describe('an error of the driver', () => {
  it.each<[unknown, string, boolean, RegExp]>([
    [withCode('28P01'), 'STORE_UNAVAILABLE', false, /refused the password/],
    [
      new TypeError('SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string'),
      'STORE_UNAVAILABLE',
      false,
      /refused the password/,
    ],
    [withCode('3D000'), 'STORE_UNAVAILABLE', false, /database does not exist/],
    [withCode('42501'), 'STORE_UNAVAILABLE', false, /lacks a right/],
    [withCode('42P01'), 'STORE_INCOMPATIBLE', false, /name another `schema`/],
    [withCode('25006'), 'STORE_UNAVAILABLE', true, /connect to the primary/],
    [withCode('40P01'), 'STORE_UNAVAILABLE', true, /rolled the statement back/],
    [withCode('53300'), 'STORE_UNAVAILABLE', true, /out of a resource/],
    [withCode('55P03'), 'STORE_UNAVAILABLE', true, /waiting for a lock/],
    [withCode('57P01'), 'STORE_UNAVAILABLE', true, /stopping/],
    [withCode('58030'), 'STORE_UNAVAILABLE', true, /files/],
    [withCode('ECONNREFUSED'), 'STORE_UNAVAILABLE', true, /No PostgreSQL answers/],
    [withCode('ECONNRESET'), 'STORE_UNAVAILABLE', true, /broke/],
    [withCode('CERT_HAS_EXPIRED'), 'STORE_UNAVAILABLE', false, /certificate/],
    [new TypeError('Connection terminated unexpectedly'), 'STORE_UNAVAILABLE', true, /broke/],
    [new TypeError('The server does not support SSL connections'), 'STORE_UNAVAILABLE', false, /offers no TLS/],
    [withCode('22P02'), 'STORE_UNAVAILABLE', false, /see the cause/],
    [undefined, 'STORE_UNAVAILABLE', false, /see the cause/],
  ])('%s becomes %s, retryable %s', (error, code, retryable, message) => {
    const told = storeError(error);
    expect(told).toMatchObject({ code, retryable, message: expect.stringMatching(message) as string });
    expect(told.cause).toBe(error);
    expect(told.message).not.toContain('words of the driver');
  });

  it('that is typed already stays as it is', () => {
    const error = new TaskError('STORE_CLOSED', 'closed');
    expect(storeError(error)).toBe(error);
  });
});
