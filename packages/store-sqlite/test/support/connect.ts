import type { TaskStore } from '@mcp-tasks/store';
import { sqliteStore } from '../../src/index.ts';

/** Open a store on a file; also what a second process is told to do. */
export async function connect({ path }: { readonly path: string }): Promise<TaskStore> {
  const store = sqliteStore({ path });
  await store.open();
  return store;
}
