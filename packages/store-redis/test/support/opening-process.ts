// Once told to, opens many stores at once, creates one task through all of them, and ends of itself when they are closed.
import { once } from 'node:events';
import { redisStore, type RedisStoreOptions } from '../../src/index.ts';
import { newTask } from './tasks.ts';

const { stores: count, ...options } = JSON.parse(process.argv[2] ?? '') as RedisStoreOptions & { stores: number };
const stores = Array.from({ length: count }, () => redisStore({ ...options, onWarning: () => undefined }));
console.log('ready');
await once(process.stdin, 'data');
await Promise.all(stores.map(async (store) => store.open?.()));
const outcomes = await Promise.all(stores.map((store) => store.create(newTask({}, { idempotencyKey: 'one' }))));
console.log(outcomes.map(({ status }) => status).join(' '));
const stops = await Promise.all(stores.map(async (store) => store.watch?.(() => undefined)));
await stops[0]?.();
await Promise.all(stores.map((store) => store.close()));
