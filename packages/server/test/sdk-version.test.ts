import { InMemoryTransport } from '@modelcontextprotocol/server';
import { expect, inject, it } from 'vitest';

declare module 'vitest' {
  interface ProvidedContext {
    sdkVersion: string;
  }
}

it('runs on the version of the SDK that its configuration names', async () => {
  const failure: unknown = await new InMemoryTransport()
    .send({ jsonrpc: '2.0', method: 'x' })
    .catch((error: unknown) => error);
  expect((failure as Error).stack).toContain(`server@${inject('sdkVersion')}/`);
});
