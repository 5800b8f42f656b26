import { describeRestarts } from '@mcp-tasks/store-testing/vitest';
import { expect } from 'vitest';
import { connect } from './support/connect.ts';
import { describeWithPrograms, ownServer } from './support/own-server.ts';
import { withRedis } from './support/redis.ts';

describeRestarts(describeWithPrograms, {
  start: () => ownServer(),
  connect: (url) => connect({ url }),
  // The new server knew no script, and was told.
  async check(url) {
    const errors = await withRedis((redis) => redis.info('errorstats'), url);
    expect(errors).toContain('errorstat_NOSCRIPT');
  },
});
