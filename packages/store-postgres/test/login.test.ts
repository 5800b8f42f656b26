import { inspect } from 'node:util';
import { TaskError } from '@mcp-tasks/store';
import { countingProxy } from '@mcp-tasks/store-kit/fakes';
import { makeCertificate, stored, until } from '@mcp-tasks/store-testing';
import type { OwnServer } from '@mcp-tasks/store-testing/vitest';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { postgresStore, type PostgresStoreOptions } from '../src/index.ts';
import { describeWithPrograms, missingPrograms, ownServer } from './support/own-server.ts';
import { makeStore, query } from './support/postgres.ts';

const PASSWORD = 'sesame-open';

describeWithPrograms('a server that asks for a password over TLS', () => {
  const { certificate, key } = missingPrograms === undefined ? makeCertificate() : { certificate: '', key: '' };
  let server: OwnServer;

  beforeAll(async () => {
    server = await ownServer({
      settings: ['ssl = on'],
      logins: ['hostssl all alice,rotated 127.0.0.1/32 scram-sha-256', 'host all alice 127.0.0.1/32 reject'],
      files: { 'server.crt': certificate, 'server.key': key },
    });
    await query(`CREATE ROLE alice LOGIN PASSWORD '${PASSWORD}'`, [], server.url);
    await query('GRANT CREATE ON DATABASE postgres TO alice', [], server.url);
  });
  afterAll(() => server.remove());

  const storeOf = (options: PostgresStoreOptions = {}, port = server.port) =>
    makeStore({
      connectionString: `postgres://alice:${PASSWORD}@127.0.0.1:${port}/postgres`,
      config: { ssl: { ca: certificate } },
      schema: 'tasks',
      ...options,
    });

  it('is worked with through the options of the driver, hints too, and all of it is encrypted', async () => {
    const [store, other] = [storeOf(), storeOf()];
    await Promise.all([store.open?.(), other.open?.()]);
    const hints: string[] = [];
    await other.watch?.(({ taskId }) => hints.push(taskId));
    const { taskId } = await stored(store);
    await until('a hint', () => hints.includes(taskId));
    const connections = await query(
      `SELECT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE usename = 'alice'`,
      [],
      server.url,
    );
    expect(connections.length).toBeGreaterThanOrEqual(3);
    expect(new Set(connections.map(({ ssl }) => ssl))).toEqual(new Set([true]));
  });

  it('takes a password function without a connection string, and TLS from one', async () => {
    let asked = 0;
    const password = async () => {
      asked += 1;
      return PASSWORD;
    };
    const login = { host: '127.0.0.1', port: server.port, user: 'alice', database: 'postgres', password };
    const byFunction = postgresStore({ config: { ...login, ssl: { ca: certificate } }, schema: 'tasks' });
    onTestFinished(() => byFunction.close());
    const byString = storeOf({
      connectionString: `postgres://alice:${PASSWORD}@127.0.0.1:${server.port}/postgres?sslmode=no-verify`,
      config: { max: 1 },
    });
    for (const store of [byFunction, byString]) {
      await store.open?.();
      await stored(store);
    }
    expect(asked).toBeGreaterThan(0);
  });

  it.each<[string, () => PostgresStoreOptions, RegExp]>([
    [
      'a wrong password',
      () => ({ connectionString: `postgres://alice:not-that-one@127.0.0.1:${server.port}/postgres` }),
      /refused the password/,
    ],
    [
      'no password',
      () => ({ connectionString: `postgres://alice@127.0.0.1:${server.port}/postgres` }),
      /refused the password/,
    ],
    ['no TLS', () => ({ config: {} }), /refused the login/],
    ['a certificate that is not trusted', () => ({ config: { ssl: true } }), /certificate .* is not trusted/],
  ])('refuses %s with one error that says so, after one connection', async (_case, options, message) => {
    const proxy = await countingProxy({ host: '127.0.0.1', port: server.port });
    onTestFinished(() => proxy.close());
    const { connectionString = `postgres://alice:${PASSWORD}@127.0.0.1:0/postgres`, ...rest } = options();
    const url = Object.assign(new URL(connectionString), { port: String(proxy.port) });
    const store = storeOf({ ...rest, connectionString: url.href });
    for (const attempt of [1, 2]) {
      const error: unknown = await store.open?.().catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: false });
      expect(error).toMatchObject({ message: expect.stringMatching(message) as string });
      const logged = inspect(error, { depth: 10, showHidden: true });
      for (const secret of [PASSWORD, 'not-that-one']) expect(logged).not.toContain(secret);
      expect(proxy.connections()).toBe(attempt);
    }
  });

  it('[DURA-05] whose password is changed under an open store is worked with again once both agree', async () => {
    const role = 'rotated';
    await query(
      `CREATE ROLE ${role} LOGIN PASSWORD 'before'; GRANT CREATE ON DATABASE postgres TO ${role}`,
      [],
      server.url,
    );
    let password = 'before';
    const login = { host: '127.0.0.1', port: server.port, user: role, database: 'postgres', ssl: { ca: certificate } };
    const store = postgresStore({ config: { ...login, password: async () => password }, schema: role, hints: false });
    onTestFinished(() => store.close());
    await store.open?.();
    await query(`ALTER ROLE ${role} PASSWORD 'after'`, [], server.url);
    await query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1', [role], server.url);
    await until('a refused password', async () => {
      const error: unknown = await stored(store).catch((reason: unknown) => reason);
      if (!TaskError.is(error)) return false;
      expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true });
      return error.message.includes('refused the password');
    });
    password = 'after';
    await stored(store);
  });
});
