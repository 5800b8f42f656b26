import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkOwner } from '../../src/rules.ts';
import { anyText } from '../any-text.ts';

describe('checkOwner', () => {
  it('[TEST-07] [SEC-02] takes any well-formed text up to 512 bytes of UTF-8, unchanged', () => {
    fc.assert(
      fc.property(anyText({ minLength: 1, maxLength: 128 }), (owner) => {
        expect(checkOwner(owner)).toBe(owner);
      }),
    );
    for (const owner of [
      '\0',
      'a:b/c"\'\\',
      'https://issuer\nsubject',
      'x'.repeat(512),
      'é'.repeat(256),
      '😀'.repeat(128),
    ]) {
      expect(checkOwner(owner)).toBe(owner);
    }
  });

  it.each([
    ['empty', ''],
    ['too long', 'x'.repeat(513)],
    ['too long in UTF-8', 'é'.repeat(257)],
    ['half a surrogate pair', 'a\ud800'],
    ['a surrogate pair turned round', '\udc00\ud800'],
    ['undefined', undefined],
    ['null', null],
    ['an object', { sub: 'alice' }],
  ])('[SEC-02] refuses an owner that is %s', (_, owner) => {
    expect(() => checkOwner(owner)).toThrow(
      expect.objectContaining({ code: 'OWNER_INVALID', message: expect.stringContaining('owner') as string }),
    );
  });

  it('[SEC-02] holds the configured limit and does not show the owner', () => {
    expect(() => checkOwner('secret', 5)).toThrow(
      expect.objectContaining({
        message: 'The owner of a task must be at most 5 bytes of UTF-8, not 6.',
        details: { actualBytes: 6, limitBytes: 5 },
      }),
    );
  });
});
