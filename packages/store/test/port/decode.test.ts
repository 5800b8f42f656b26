import { describe, expect, it } from 'vitest';
import { checkHeadField, corruptRecord, decodeRecord, decodeUtf8, type TaskHead } from '../../src/index.ts';
import { newTask } from '../heads.ts';

/** Of each kind of value, one that a store may have kept by mistake. */
const ANYTHING = ['text', 1.5, true, ['text'], { done: 1 }, null, undefined, Number.NaN, [1], { done: 'x' }];

describe('a field of a head that a store has read', () => {
  const whole: TaskHead = {
    ...newTask().head,
    statusMessage: 'message',
    progress: { done: 1, total: 2 },
    ttlRequested: true,
    holder: 'here',
    dueAtMs: 1,
    openQuestions: ['q'],
    resultError: 'failed',
  };
  const fields = Object.entries(whole) as [keyof TaskHead, unknown][];

  it.each(fields)('[STOR-04] is taken as %s when it can be: %j', (field, value) => {
    expect(checkHeadField(field, value)).toBe(value);
  });

  it.each(fields)('[STOR-04] is refused as %s when it is of another kind', (field, value) => {
    const others = field === 'status' ? ANYTHING : ANYTHING.filter((other) => typeof other !== typeof value);
    expect(others.length).toBeGreaterThan(4);
    for (const other of others) {
      expect(() => checkHeadField(field, other)).toThrow(`The field "${field}" is not of the expected shape.`);
    }
  });

  it.each([
    ['progress', { done: 'x' }],
    ['openQuestions', [1]],
    ['version', Number.NaN],
    ['status', 'unknown'],
  ] as const)('[STOR-04] is refused as %s where a part of it cannot be: %j', (field, value) => {
    expect(() => checkHeadField(field, value)).toThrow(TypeError);
  });
});

describe('a record that a store cannot decode', () => {
  const bad = corruptRecord('bad', new TypeError('odd'));
  const fail = (error: Error) => () => {
    throw error;
  };

  it('[STOR-04] is an error with its id, when it was asked for alone', () => {
    expect(() => decodeRecord(fail(bad), true)).toThrow(bad);
    expect(bad).toMatchObject({ code: 'STORE_CORRUPT_RECORD', retryable: false, details: { taskId: 'bad' } });
  });

  it('[STOR-04] is left out among others; a failure of another kind is not', () => {
    expect(decodeRecord(() => 'record', false)).toEqual(['record']);
    expect(decodeRecord(fail(bad), false)).toEqual([]);
    const other = new RangeError('other');
    expect(() => decodeRecord(fail(other), false)).toThrow(other);
  });

  it('[STOR-04] may hold bytes that are not UTF-8; those that are keep every character', () => {
    expect(() => decodeUtf8(Uint8Array.of(0xc3))).toThrow(TypeError);
    expect(decodeUtf8(Buffer.from('\ufeffé\0'))).toBe('\ufeffé\0');
  });
});
