import { describe, expect, it } from 'vitest';
import { storeError } from '../src/errors.ts';

/** As better-sqlite3 and as `node:sqlite` tell it. */
const spellings = (name: string, number: number) => [
  Object.assign(new TypeError('words of the driver'), { code: name }),
  Object.assign(new TypeError('words of the driver'), { code: 'ERR_SQLITE_ERROR', errcode: number }),
];

describe('a result code', () => {
  it.each<[string, number, boolean, boolean]>([
    ['SQLITE_BUSY', 5, true, true],
    ['SQLITE_BUSY_SNAPSHOT', 517, true, true],
    ['SQLITE_NOMEM', 7, true, true],
    ['SQLITE_INTERRUPT', 9, true, true],
    ['SQLITE_IOERR_WRITE', 778, true, true],
    ['SQLITE_FULL', 13, true, true],
    ['SQLITE_PERM', 3, false, true],
    ['SQLITE_READONLY', 8, false, true],
    ['SQLITE_CANTOPEN', 14, false, true],
    ['SQLITE_ERROR', 1, false, false],
    ['SQLITE_CORRUPT', 11, false, false],
    ['SQLITE_CONSTRAINT_UNIQUE', 2067, false, false],
    ['SQLITE_MISUSE', 21, false, false],
    ['SQLITE_NOTADB', 26, false, false],
  ])('%s (%i) may pass while the store opens: %s, once it is open: %s', (name, number, opening, open) => {
    for (const error of spellings(name, number)) {
      expect(storeError(error, false).retryable).toBe(opening);
      expect(storeError(error, true).retryable).toBe(open);
      expect(storeError(error, true)).toMatchObject({ cause: error });
      expect(storeError(error, true).message).not.toContain('words of the driver');
    }
  });
});
