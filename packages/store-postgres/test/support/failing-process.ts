// Opens a store that cannot be opened. `isPoolHanded`: by a pool of its own.
import { parameterOfProcess, tryToOpen } from '@mcp-tasks/store-testing';
import pg from 'pg';
import { postgresStore, type PostgresStoreOptions } from '../../src/index.ts';

const { isPoolHanded = false, ...options } = parameterOfProcess() as PostgresStoreOptions & {
  readonly isPoolHanded?: boolean;
};
const { connectionString, config } = options;
// Nothing listens to the pool's own errors either.
const pool = isPoolHanded
  ? new pg.Pool({ ...config, ...(connectionString !== undefined && { connectionString }) })
  : undefined;
await tryToOpen(postgresStore({ ...options, pool }));
