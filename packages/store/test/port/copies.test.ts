import { describe, expect, it } from 'vitest';
import { checkCopy, copiesMixed, MADE_BY } from '../../src/port/copies.ts';
import { TaskError } from '../../src/port/task-error.ts';

const HERE = 'file:///app/node_modules/store/dist/index.js';
const THERE = 'file:///app/node_modules/store/dist/index.cjs';

describe('a value that names the copy of its package', () => {
  it('is refused by another copy, in a sentence that names the files of both', () => {
    const check = () => {
      checkCopy({ [MADE_BY]: THERE }, HERE, 'The reference');
    };
    expect(check).toThrow(TaskError);
    expect(check).toThrow(
      expect.objectContaining({
        code: 'COPIES_MIXED',
        retryable: false,
        details: {},
        message:
          'The reference comes from /app/node_modules/store/dist/index.cjs, and is used by /app/node_modules/store/dist/index.js, which is another copy of the package and knows nothing of it. Load the package in one version, and either by import or by require everywhere.',
      }),
    );
  });

  it('is taken by its own copy, and so is what names none', () => {
    for (const value of [{ [MADE_BY]: HERE }, {}, [], 'text', undefined, null, { [MADE_BY]: 1 }]) {
      expect(() => {
        checkCopy(value, HERE, 'The value');
      }).not.toThrow();
    }
  });

  it('is refused by a copy whose address a bundler took away', () => {
    expect(copiesMixed('The value', THERE, undefined).message).toContain('is used by a bundle, which');
    expect(copiesMixed('The value', 'webpack:///index.js', HERE).message).toContain('comes from webpack:///index.js,');
  });
});
