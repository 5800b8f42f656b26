import { inspect } from 'node:util';
import { countingProxy } from '@mcp-tasks/store-kit/fakes';
import { makeCertificate, stored, until } from '@mcp-tasks/store-testing';
import { freePort, type OwnServer } from '@mcp-tasks/store-testing/vitest';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { redisStore, type RedisStoreOptions } from '../src/index.ts';
import { describeWithPrograms, missingPrograms, ownServer } from './support/own-server.ts';
import { describeWithServer, makeStore, openStore, through } from './support/redis.ts';

const PASSWORD = 'sesame-open';
/** What the store asks of its user, and no more. */
const RIGHTS =
  '+@hash +@sortedset +@string +@keyspace +eval +evalsha +script|load +publish +subscribe +time +info +hello';

const failing = (retryable: boolean, message: RegExp) => ({
  code: 'STORE_UNAVAILABLE',
  retryable,
  message: expect.stringMatching(message) as string,
});

describeWithPrograms('a server that asks for a login over TLS', () => {
  const { certificate, key } = missingPrograms === undefined ? makeCertificate() : { certificate: '', key: '' };
  let server: OwnServer;

  beforeAll(async () => {
    server = await ownServer({
      isTls: true,
      files: { 'server.crt': certificate, 'server.key': key },
      settings: [
        'tls-cert-file server.crt',
        'tls-key-file server.key',
        'tls-auth-clients no',
        `requirepass ${PASSWORD}`,
        `user alice on >${PASSWORD} ~{tasks}:* &{tasks}:* ${RIGHTS}`,
        `user bob on >${PASSWORD} ~{tasks}:* ${RIGHTS}`,
        `user carol on >${PASSWORD} ~other:* &{tasks}:* ${RIGHTS}`,
        `user dave on >${PASSWORD} ~{tasks}:* &{tasks}:* ${RIGHTS} -evalsha`,
      ],
    });
  });
  afterAll(() => server.remove());

  const storeOf = (user: string, options: RedisStoreOptions = {}, port = server.port) =>
    makeStore({
      url: `rediss://${user}:${PASSWORD}@127.0.0.1:${port}`,
      config: { tls: { ca: certificate } },
      name: 'tasks',
      ...options,
    });

  it('is worked with through the options of the driver, hints too, by a user with few rights', async () => {
    const [store, other] = [storeOf('alice'), storeOf('alice')];
    await Promise.all([store.open?.(), other.open?.()]);
    const hints: string[] = [];
    await other.watch?.(({ taskId }) => hints.push(taskId));
    const { taskId } = await stored(store);
    await until('a hint', () => hints.includes(taskId));
    await store.serverTimeMs?.();
    expect(await store.deleteExpired({ nowMs: Number.MAX_SAFE_INTEGER, limit: 10 })).not.toEqual([]);
  });

  it('takes user and password as options', async () => {
    const login = { host: '127.0.0.1', port: server.port, username: 'alice', password: PASSWORD };
    const store = redisStore({
      config: { ...login, tls: { ca: certificate } },
      name: 'tasks',
      onWarning: () => undefined,
    });
    onTestFinished(() => store.close());
    await store.open?.();
    await stored(store);
  });

  it.each<[string, string, () => RedisStoreOptions, RegExp]>([
    ['a wrong password', 'alice', () => ({ url: 'rediss://alice:not-that-one@127.0.0.1' }), /refused the password/],
    ['an unknown user', 'mallory', () => ({}), /refused the password/],
    ['no password', '', () => ({ url: 'rediss://127.0.0.1' }), /refused the password/],
    ['a user who may not use the channel', 'bob', () => ({}), /lacks a right/],
    ['a user who may not use the keys', 'carol', () => ({}), /lacks a right/],
    ['a user who may not run scripts', 'dave', () => ({}), /lacks a right/],
    ['a certificate that is not trusted', 'alice', () => ({ config: {} }), /certificate .* is not trusted/],
    [
      'a database that does not exist',
      'alice',
      () => ({ url: `rediss://default:${PASSWORD}@127.0.0.1/99` }),
      /database does not exist/,
    ],
  ])('refuses %s with one error that says so, after one connection', async (_case, user, options, message) => {
    const proxy = await countingProxy({ host: '127.0.0.1', port: server.port });
    onTestFinished(() => proxy.close());
    const { url = `rediss://${user}:${PASSWORD}@127.0.0.1`, ...rest } = options();
    const store = storeOf(user, { ...rest, url: Object.assign(new URL(url), { port: String(proxy.port) }).href });
    for (const attempt of [1, 2]) {
      const error: unknown = await store.open?.().catch((reason: unknown) => reason);
      expect(error).toMatchObject(failing(false, message));
      const logged = inspect(error, { depth: 10, showHidden: true });
      for (const secret of [PASSWORD, 'not-that-one']) expect(logged).not.toContain(secret);
      expect(proxy.connections()).toBe(attempt);
    }
  });

  it('says so when one side speaks TLS and the other does not', async () => {
    const store = storeOf('alice', {
      url: `redis://alice:${PASSWORD}@127.0.0.1:${server.port}`,
      config: { connectTimeout: 500 },
    });
    await expect(store.open?.()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });
});

describe('a server that cannot be reached', () => {
  it('fails open once, as one that may come later', async () => {
    const port = await freePort();
    const proxy = await countingProxy({ host: '127.0.0.1', port });
    onTestFinished(() => proxy.close());
    const direct = makeStore({ url: `redis://127.0.0.1:${port}`, name: 'nowhere' });
    await expect(direct.open?.()).rejects.toMatchObject(failing(true, /No Redis answers at this address/));
    const store = makeStore({ url: through(proxy.port), name: 'nowhere' });
    for (const attempt of [1, 2]) {
      await expect(store.open?.()).rejects.toMatchObject(failing(true, /broke/));
      expect(proxy.connections()).toBe(attempt);
    }
  });

  it.each([
    ['a host that does not exist', { url: 'redis://nobody.invalid' }, /host .* is unknown|no answer came/],
    ['a port that does not exist', { config: { host: '127.0.0.1', port: 99_999 } }, /no usable address/],
  ])('fails open for %s', async (_case, options, message) => {
    const store = redisStore({ ...options, name: 'nowhere' });
    onTestFinished(() => store.close());
    await expect(store.open?.()).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringMatching(message) as string,
    });
  });
});

describeWithServer('a store whose opening failed', () => {
  it('can be opened once the server is there', async () => {
    const server = await ownServer();
    onTestFinished(() => server.remove());
    await server.kill();
    const store = makeStore({ url: server.url, name: 'tasks' });
    await expect(store.open?.()).rejects.toMatchObject(failing(true, /No Redis answers/));
    await server.start();
    await store.open?.();
    await stored(store);
    expect(await openStore({ url: server.url, name: 'tasks' })).toBeDefined();
  });
});
