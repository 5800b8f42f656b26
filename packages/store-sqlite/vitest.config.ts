import { defineProject, mergeConfig } from 'vitest/config';
import shared from '../../vitest.shared.ts';
import { DRIVERS } from './test/support/drivers.ts';

// Where better-sqlite3 could be neither downloaded nor compiled, Node.js 20 has no driver. What needs none is left: the
// run of all tests on Node.js 22. Continuous integration has to have it.
const isRunnable = DRIVERS.length > 0 || process.env['CI'] === 'true';
if (!isRunnable) {
  console.warn('store-sqlite: better-sqlite3 is not installed, so its tests run on Node.js 22 only (node-22.test.ts)');
}

export default mergeConfig(
  shared,
  defineProject({
    test: {
      name: 'store-sqlite',
      // Each write is flushed to the disk, which may be slow, and processes take time to start on a busy machine.
      testTimeout: 60_000,
      ...(!isRunnable && { exclude: ['test/!(node-22).test.ts'] }),
    },
  }),
);
