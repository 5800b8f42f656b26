import type { StoreHarness } from '@mcp-tasks/store-kit';
import { describeContract } from '@mcp-tasks/store-kit/vitest';
import { sqliteStore } from '../src/index.ts';
import { newFile, recording } from './support/database.ts';
import { DRIVERS } from './support/drivers.ts';

for (const { name, open } of DRIVERS) {
  const harness: StoreHarness = {
    async create() {
      const { path, remove } = newFile();
      const connections: ReturnType<typeof recording>[] = [];
      return {
        async connect() {
          const connection = recording(open(path));
          connections.push(connection);
          const store = sqliteStore({ database: connection.database });
          await store.open();
          return store;
        },
        // Opens the file by path: with the driver that the store takes by itself.
        process: {
          module: new URL('./support/connect.ts', import.meta.url),
          data: { path },
          execArgv: ['--conditions=@mcp-tasks/source', '--import', import.meta.resolve('tsx')],
        },
        cost: () => ({
          operations: connections.reduce((sum, { cost }) => sum + cost.operations, 0),
          bytes: connections.reduce((sum, { cost }) => sum + cost.bytes, 0),
        }),
        async destroy() {
          for (const { database } of connections) database.close();
          remove();
        },
      };
    },
  };
  describeContract(`SQLite with ${name}`, harness);
}
