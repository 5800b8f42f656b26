// Opens many stores at once.
import { openAtOnce, parameterOfProcess } from '@mcp-tasks/store-testing';
import { redisStore, type RedisStoreOptions } from '../../src/index.ts';

const { stores, ...options } = parameterOfProcess() as RedisStoreOptions & { stores: number };
await openAtOnce(Array.from({ length: stores }, () => redisStore({ ...options, onWarning: () => undefined })));
