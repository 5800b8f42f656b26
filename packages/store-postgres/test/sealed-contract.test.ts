import { memoryStore } from '@mcp-tasks/store';
import type { StoreHarness } from '@mcp-tasks/store-kit';
import { describeContract } from '@mcp-tasks/store-kit/vitest';
import { it } from 'vitest';
import { connect, seal } from './support/connect-sealed.ts';
import { postgresHarness } from './support/harness.ts';
import { missing } from './support/postgres.ts';

const harness: StoreHarness = {
  ...postgresHarness({ connect, url: new URL('./support/connect-sealed.ts', import.meta.url) }),
  model: () => seal(memoryStore()),
  // Nonce and tag have 28 bytes.
  entryBytes: ({ name, value }) =>
    Buffer.byteLength(name) + '"sealed:1:test:"'.length + Math.ceil(((Buffer.byteLength(value) + 28) * 4) / 3),
};

if (missing === undefined) describeContract('[BOUN-07] sealed PostgreSQL', harness);
else it.skip(`sealed PostgreSQL: ${missing}`);
