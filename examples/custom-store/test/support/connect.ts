import type { TaskStore } from '@mcp-tasks/store';
import { JsonFolderStore } from '../../src/index.ts';

/** Open a store on a folder; also what a second process is told to do. */
export async function connect({ folder }: { readonly folder: string }): Promise<TaskStore> {
  const store = new JsonFolderStore({ folder });
  await store.open();
  return store;
}
