import { describeRoundTrips } from '@mcp-tasks/store-testing/vitest';
import { address, describeWithServer, openStore, POSTGRES_URL, through } from './support/postgres.ts';

describeRoundTrips(describeWithServer, {
  address: address(),
  open: (port) => openStore({ connectionString: through(port), hints: POSTGRES_URL }),
});
