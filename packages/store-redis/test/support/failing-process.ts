// Opens a store that cannot be opened.
import { parameterOfProcess, tryToOpen } from '@mcp-tasks/store-testing';
import { redisStore, type RedisStoreOptions } from '../../src/index.ts';

await tryToOpen(redisStore(parameterOfProcess() as RedisStoreOptions));
