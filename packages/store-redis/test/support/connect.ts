import type { TaskStore } from '@mcp-tasks/store';
import { redisStore, type RedisStoreOptions } from '../../src/index.ts';

/** Open a store; also what a second process is told to do. The tests' server need not keep anything on disk. */
export async function connect(options: RedisStoreOptions): Promise<TaskStore> {
  const store = redisStore({ ...options, onWarning: () => undefined });
  await store.open?.();
  return store;
}
