import type { TaskStore } from '@mcp-tasks/store';
import type { StoreHarness } from '@mcp-tasks/store-kit';
import { countingProxy } from '@mcp-tasks/store-kit/fakes';
import type { PostgresStoreOptions } from '../../src/index.ts';
import { address, dropSchema, newSchema, POSTGRES_URL, through } from './postgres.ts';

/** A module that opens stores, in this process and in others. */
export interface ConnectModule {
  readonly connect: (options: PostgresStoreOptions) => Promise<TaskStore>;
  readonly url: URL;
}

/** What the contract kit needs of stores that a module opens: a schema for each case. */
export function postgresHarness({ connect, url }: ConnectModule): StoreHarness {
  return {
    hasServerTime: true,
    async create() {
      const schema = newSchema();
      const proxy = await countingProxy(address());
      return {
        // Hints follow a write in their own time: they go past the proxy, which counts what calls cost.
        connect: () => connect({ connectionString: through(proxy.port), hints: POSTGRES_URL, schema }),
        process: {
          module: url,
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
}
