import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeCursor, encodeCursor } from '../../src/view/cursor.ts';
import { anyText } from '../any-text.ts';
import { T0_MS } from '../heads.ts';

const place = { createdAtMs: T0_MS, taskId: '4f3c2b1a-0000-4000-8000-000000000000' };
const owners = anyText({ minLength: 1, maxLength: 60 });

describe('the list cursor', () => {
  it('[INTG-07] [TEST-07] brings its place back to its owner, whatever the owner is called', () => {
    fc.assert(
      fc.property(owners, fc.nat(), fc.string({ maxLength: 60 }), (owner, createdAtMs, taskId) => {
        const cursor = encodeCursor(owner, { createdAtMs, taskId });
        expect(decodeCursor(owner, cursor)).toEqual({ createdAtMs, taskId });
        expect(cursor).toMatch(/^[A-Za-z0-9_-]+$/);
      }),
    );
  });

  it('[SEC-03] [TEST-07] is refused for every other owner', () => {
    fc.assert(
      fc.property(owners, owners, (owner, other) => {
        fc.pre(owner !== other);
        expect(() => decodeCursor(other, encodeCursor(owner, place))).toThrow(
          expect.objectContaining({ code: 'INVALID_CURSOR' }),
        );
      }),
    );
  });

  it('[INTG-07] is refused when a character is cut off, added or changed', () => {
    const cursor = encodeCursor('alice', place);
    fc.assert(
      fc.property(
        fc.nat({ max: cursor.length - 1 }),
        fc.constantFrom('', 'A', 'b', '-', '=', ' ', '\n', 'é'),
        (at, character) => {
          const damaged = [
            cursor.slice(0, at),
            cursor.slice(0, at) + character + cursor.slice(at),
            cursor.slice(0, at) + character + cursor.slice(at + 1),
          ];
          for (const text of damaged) {
            if (text !== cursor)
              expect(() => decodeCursor('alice', text)).toThrow(expect.objectContaining({ code: 'INVALID_CURSOR' }));
          }
        },
      ),
    );
  });

  it.each([
    ['nothing', ''],
    ['garbage', 'not a cursor'],
    ['a megabyte', 'A'.repeat(1_000_000)],
    ['a number', '2'],
    ['JSON', '{"createdAtMs":1}'],
    ['a made-up cursor with no place in it', encodeCursor('alice', { createdAtMs: NaN, taskId: 'x' })],
  ])('[INTG-07] is refused when it is %s', (_, cursor) => {
    expect(() => decodeCursor('alice', cursor)).toThrow(
      expect.objectContaining({ code: 'INVALID_CURSOR', message: expect.stringContaining('cursor') as string }),
    );
  });

  it('[SEC-02] shows no owner in it', () => {
    expect(Buffer.from(encodeCursor('alice@example.org', place), 'base64url').toString()).not.toContain('alice');
  });
});
