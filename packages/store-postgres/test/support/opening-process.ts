// Opens many stores at once.
import { openAtOnce, parameterOfProcess } from '@mcp-tasks/store-testing';
import { postgresStore, type PostgresStoreOptions } from '../../src/index.ts';

const { stores, ...options } = parameterOfProcess() as PostgresStoreOptions & { stores: number };
await openAtOnce(Array.from({ length: stores }, () => postgresStore(options)));
