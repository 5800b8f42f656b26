import { createRequire } from 'node:module';
import { Validator } from '@cfworker/json-schema';
import { expect, inject, it } from 'vitest';

declare module 'vitest' {
  interface ProvidedContext {
    validatorPackage: string;
  }
}

it('checks answers with the validator that the configuration names', () => {
  const { version } = createRequire(import.meta.url)(`${inject('validatorPackage')}/package.json`) as {
    version: string;
  };
  let stack = '';
  try {
    new Validator({ $ref: '#/missing' }).validate(1);
  } catch (error) {
    stack = (error as Error).stack ?? '';
  }
  expect(stack).toContain(`json-schema@${version}/`);
});
