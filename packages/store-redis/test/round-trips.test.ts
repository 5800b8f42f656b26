import { describeRoundTrips } from '@mcp-tasks/store-testing/vitest';
import { address, describeWithServer, openStore, through } from './support/redis.ts';

describeRoundTrips(describeWithServer, {
  address: address(),
  open: (port) => openStore({ url: through(port) }),
});
