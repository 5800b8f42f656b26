// Opens a store that cannot be opened, and does nothing more: not even close it. `isPoolHanded`: by a pool of its own.
import { TaskError } from '@mcp-tasks/store';
import pg from 'pg';
import { postgresStore, type PostgresStoreOptions } from '../../src/index.ts';

const { isPoolHanded = false, ...options } = JSON.parse(process.argv[2] ?? '') as PostgresStoreOptions & {
  readonly isPoolHanded?: boolean;
};
const { connectionString, config } = options;
// Nothing listens to the pool's own errors either.
const pool = isPoolHanded
  ? new pg.Pool({ ...config, ...(connectionString !== undefined && { connectionString }) })
  : undefined;
const store = postgresStore({ ...options, pool });
const error: unknown = await store.open?.().catch((reason: unknown) => reason);
console.log(TaskError.is(error) ? `${error.code}${error.retryable ? ' retryable' : ''}` : 'OPENED');
