import type { TaskStore } from '@mcp-tasks/store';
import { postgresStore, type PostgresStoreOptions } from '../../src/index.ts';

/** Open a store; also what a second process is told to do. */
export async function connect(options: PostgresStoreOptions): Promise<TaskStore> {
  const store = postgresStore(options);
  await store.open?.();
  return store;
}
