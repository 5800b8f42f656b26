import { createRequire } from 'node:module';
import { expect, inject, it } from 'vitest';
import * as z from 'zod';

declare module 'vitest' {
  interface ProvidedContext {
    zodPackage: string;
  }
}

it('runs on the zod that its configuration names', () => {
  const { version } = createRequire(import.meta.url)(`${inject('zodPackage')}/package.json`) as { version: string };
  const { major, minor, patch } = z.core.version;
  expect([major, minor, patch].join('.')).toBe(version);
});
