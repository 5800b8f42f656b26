// The public surface of @mcp-tasks/store-redis. Adding a line here makes a promise.

export { redisStore } from './redis-store.ts';
export type { RedisClientLike, RedisNodeLike, RedisStoreOptions, RedisSubscriberLike } from './options.ts';
