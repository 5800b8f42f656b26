import { defineProject, mergeConfig } from 'vitest/config';
import shared from '../../vitest.shared.ts';

/** The tests of answers, on the oldest version of their validator that the package may be installed with. */
export default mergeConfig(
  shared,
  defineProject({
    resolve: { alias: [{ find: /^@cfworker\/json-schema$/, replacement: 'json-schema-4.1.1' }] },
    test: { name: 'runner-oldest-json-schema', provide: { validatorPackage: 'json-schema-4.1.1' } },
  }),
);
