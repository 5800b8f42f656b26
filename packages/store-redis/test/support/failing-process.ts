// Opens a store that cannot be opened, and does nothing more: not even close it.
import { TaskError } from '@mcp-tasks/store';
import { redisStore, type RedisStoreOptions } from '../../src/index.ts';

const store = redisStore(JSON.parse(process.argv[2] ?? '') as RedisStoreOptions);
const error: unknown = await store.open?.().catch((reason: unknown) => reason);
console.log(TaskError.is(error) ? error.code : 'OPENED');
