import type { StoreHarness } from '@mcp-tasks/store-kit';
import { countingProxy } from '@mcp-tasks/store-kit/fakes';
import { describeContract } from '@mcp-tasks/store-kit/vitest';
import { it } from 'vitest';
import { connect } from './support/connect.ts';
import { address, dropSchema, missing, newSchema, POSTGRES_URL, through } from './support/postgres.ts';

const harness: StoreHarness = {
  hasServerTime: true,
  async create() {
    const schema = newSchema();
    const proxy = await countingProxy(address());
    return {
      // Hints follow a write in their own time: they go past the proxy, which counts what calls cost.
      connect: () => connect({ connectionString: through(proxy.port), hints: POSTGRES_URL, schema }),
      process: {
        module: new URL('./support/connect.ts', import.meta.url),
        data: { connectionString: POSTGRES_URL, schema },
        execArgv: ['--conditions=@mcp-tasks/source', '--import', import.meta.resolve('tsx')],
      },
      cost: () => proxy.cost(),
      async destroy() {
        await proxy.close();
        await dropSchema(schema);
      },
    };
  },
};

if (missing === undefined) describeContract('PostgreSQL', harness);
else it.skip(`PostgreSQL: ${missing}`);
