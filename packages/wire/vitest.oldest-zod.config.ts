import { defineProject, mergeConfig } from 'vitest/config';
import shared from '../../vitest.shared.ts';

/** The same tests on the oldest version of zod that the package may be installed with. */
export default mergeConfig(
  shared,
  defineProject({
    resolve: { alias: [{ find: /^zod(?=\/|$)/, replacement: 'zod-4.2.0' }] },
    test: { name: 'wire-oldest-zod', provide: { zodPackage: 'zod-4.2.0' } },
  }),
);
