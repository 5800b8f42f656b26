import type { TaskStore } from '@mcp-tasks/store';
import { postgresStore } from '@mcp-tasks/store-postgres';
import { redisStore } from '@mcp-tasks/store-redis';
import { sqliteStore } from '@mcp-tasks/store-sqlite';

/** Few for each process, so that many processes fit on one server. */
const POOL_SIZE = 4;

/** Make the store that a `STORE_URL` names, as a process that runs tasks has it. */
export function storeAt(url: string): TaskStore {
  if (url.startsWith('sqlite:')) return sqliteStore({ path: url.slice('sqlite:'.length) });
  if (url.startsWith('redis:')) return redisStore({ url, onWarning: () => undefined });
  return postgresStore({ connectionString: url, config: { max: POOL_SIZE } });
}
