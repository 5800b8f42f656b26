import { sealed, type SealKey, type TaskStore } from '@mcp-tasks/store';
import type { PostgresStoreOptions } from '../../src/index.ts';
import { connect as connectPlain } from './connect.ts';

/** The key of every sealed store of the tests, in every process. */
export const keys: readonly SealKey[] = [{ id: 'test', secret: new Uint8Array(32).fill(5) }];

/** Open a sealed store; also what a second process is told to do. */
export async function connect(options: PostgresStoreOptions): Promise<TaskStore> {
  return sealed(await connectPlain(options), { keys });
}
