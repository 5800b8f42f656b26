import { describeRestarts } from '@mcp-tasks/store-testing/vitest';
import { connect } from './support/connect.ts';
import { describeWithPrograms, ownServer } from './support/own-server.ts';

describeRestarts(describeWithPrograms, {
  start: () => ownServer(),
  connect: (url) => connect({ connectionString: url }),
});
