import { memoryStore, sealed } from '@mcp-tasks/store';
import { describeContract } from '@mcp-tasks/store-kit/vitest';
import { it } from 'vitest';
import { connect, keys } from './support/connect-sealed.ts';
import { postgresHarness } from './support/harness.ts';
import { missing } from './support/postgres.ts';

const url = new URL('./support/connect-sealed.ts', import.meta.url);
const model = () => sealed(memoryStore(), { keys });

if (missing === undefined)
  describeContract('[BOUN-07] sealed PostgreSQL', { ...postgresHarness({ connect, url }), model });
else it.skip(`sealed PostgreSQL: ${missing}`);
