import { sealed, type TaskStore } from '@mcp-tasks/store';
import type { PostgresStoreOptions } from '../../src/index.ts';
import { connect as connectPlain } from './connect.ts';

/** Seal a store, with the same key in every process. */
export const seal = (store: TaskStore): TaskStore =>
  sealed(store, { keys: [{ id: 'test', secret: new Uint8Array(32).fill(5) }] });

/** Open a sealed store; also what a second process is told to do. */
export async function connect(options: PostgresStoreOptions): Promise<TaskStore> {
  return seal(await connectPlain(options));
}
