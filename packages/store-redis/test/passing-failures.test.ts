import { TaskError, type TaskStore } from '@mcp-tasks/store';
import { newTask, stored, until } from '@mcp-tasks/store-testing';
import type { Redis } from 'ioredis';
import { expect, it, onTestFinished } from 'vitest';
import { redisStore } from '../src/index.ts';
import { describeWithPrograms, ownServer } from './support/own-server.ts';
import { describeWithServer, openStore, temporaryName, withRedis } from './support/redis.ts';

/** Call until it fails as told; every failure on the way may pass, too. */
async function failsFor(store: TaskStore, message: RegExp): Promise<void> {
  await until(`a failure with ${String(message)}`, async () => {
    const error: unknown = await store.create(newTask()).catch((reason: unknown) => reason);
    if (!TaskError.is(error)) return false;
    expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true });
    return message.test(error.message);
  });
}

/** Call until it works; every failure on the way may pass. */
async function works(store: TaskStore): Promise<void> {
  await until('a write', async () => {
    const outcome: unknown = await store.create(newTask()).catch((reason: unknown) => reason);
    if (!TaskError.is(outcome)) return true;
    expect(outcome).toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true });
    return false;
  });
}

/** A server on which a user may be changed, and a store of that user. */
async function ofUser() {
  const server = await ownServer({ settings: ['user alice on >before ~* &* +@all'] });
  onTestFinished(() => server.remove());
  const login = { host: '127.0.0.1', port: server.port, username: 'alice', password: 'before' };
  const store = redisStore({ config: login, name: 'tasks', onWarning: () => undefined });
  onTestFinished(() => store.close());
  await store.open?.();
  const operate = <Value>(operation: (redis: Redis) => Promise<Value>) => withRedis(operation, server.url);
  const disconnect = () => operate((redis) => redis.call('CLIENT', 'KILL', 'USER', 'alice'));
  return { store, operate, disconnect };
}

describeWithPrograms('an open store', () => {
  it('[DURA-05] goes on after its password was another one for a while', async () => {
    const { store, operate, disconnect } = await ofUser();
    await operate((redis) => redis.call('ACL', 'SETUSER', 'alice', 'resetpass', '>after'));
    await disconnect();
    await failsFor(store, /refused the password/);
    await operate((redis) => redis.call('ACL', 'SETUSER', 'alice', '>before'));
    await works(store);
  });

  it('[DURA-05] goes on after its user had no right for a while', async () => {
    const { store, operate } = await ofUser();
    await operate((redis) => redis.call('ACL', 'SETUSER', 'alice', '-evalsha'));
    await failsFor(store, /lacks a right/);
    await operate((redis) => redis.call('ACL', 'SETUSER', 'alice', '+evalsha', 'resetkeys'));
    await failsFor(store, /lacks a right/);
    await operate((redis) => redis.call('ACL', 'SETUSER', 'alice', '~*'));
    await works(store);
  });

  it('[DURA-05] goes on after its server took no more clients for a while', async () => {
    const { store, operate, disconnect } = await ofUser();
    await operate(async (redis) => {
      await redis.config('SET', 'maxclients', '1');
      await redis.call('CLIENT', 'KILL', 'USER', 'alice');
      // The driver drops the server's word, which comes before any command.
      await failsFor(store, /no more clients|broke/);
      await redis.config('SET', 'maxclients', '100');
    });
    await disconnect();
    await works(store);
  });
});

describeWithServer('an open store whose key was given another type', () => {
  it('fails for good', async () => {
    const name = temporaryName();
    const store = await openStore({ name });
    await withRedis((redis) => redis.set(`{${name}}:expiry`, 'no sorted set'));
    await expect(stored(store)).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      retryable: false,
      message: expect.stringMatching(/of another type/) as string,
    });
  });
});
