import { memoryStore } from '@mcp-tasks/store';
import type { StoreHarness } from '../src/index.ts';
import { describeContract } from '../src/vitest.ts';
import { connect } from './support/connect-served.ts';
import { serveStore } from './support/served-store.ts';

/** The memory store behind a socket: what the kit does with stores that processes share, and that can be counted. */
const harness: StoreHarness = {
  async create() {
    const store = memoryStore();
    const server = await serveStore(store);
    const { port } = server;
    return {
      connect: () => connect({ port }),
      process: {
        module: new URL('./support/connect-served.ts', import.meta.url),
        data: { port },
        execArgv: ['--conditions=@mcp-tasks/source', '--import', 'tsx'],
      },
      cost: () => server.cost(),
      async destroy() {
        await server.close();
        await store.close();
      },
    };
  },
};

describeContract('a store that processes share', harness);
