import { defineProject, mergeConfig } from 'vitest/config';
import shared from '../../vitest.shared.ts';

/** The same tests on the oldest version of the SDK that the peer dependency allows. */
export default mergeConfig(
  shared,
  defineProject({
    resolve: { alias: [{ find: /^@modelcontextprotocol\/server(?=\/|$)/, replacement: 'sdk-server-2.3.0' }] },
    test: { name: 'server-oldest-sdk', provide: { sdkVersion: '2.3.0' } },
  }),
);
