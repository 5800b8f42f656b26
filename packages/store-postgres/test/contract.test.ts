import { describeContract } from '@mcp-tasks/store-kit/vitest';
import { it } from 'vitest';
import { connect } from './support/connect.ts';
import { postgresHarness } from './support/harness.ts';
import { missing } from './support/postgres.ts';

const url = new URL('./support/connect.ts', import.meta.url);

if (missing === undefined) describeContract('PostgreSQL', postgresHarness({ connect, url }));
else it.skip(`PostgreSQL: ${missing}`);
