import type { StoreHarness } from '@mcp-tasks/store-kit';
import { countingProxy } from '@mcp-tasks/store-kit/fakes';
import { describeContract } from '@mcp-tasks/store-kit/vitest';
import { it } from 'vitest';
import { connect } from './support/connect.ts';
import { address, missing, newName, REDIS_URL, removeKeys, through } from './support/redis.ts';

const harness: StoreHarness = {
  hasServerTime: true,
  async create() {
    const name = newName();
    const proxy = await countingProxy(address());
    return {
      connect: () => connect({ url: through(proxy.port), name }),
      process: {
        module: new URL('./support/connect.ts', import.meta.url),
        data: { url: REDIS_URL, name },
        execArgv: ['--conditions=@mcp-tasks/source', '--import', import.meta.resolve('tsx')],
      },
      cost: () => proxy.cost(),
      async destroy() {
        await proxy.close();
        await removeKeys(name);
      },
    };
  },
};

if (missing === undefined) describeContract('Redis', harness);
else it.skip(`Redis: ${missing}`);
