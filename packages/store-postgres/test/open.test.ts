import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { inspect } from 'node:util';
import { countingProxy } from '@mcp-tasks/store-kit/fakes';
import { stored } from '@mcp-tasks/store-testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  describeWithServer,
  makeStore,
  newSchema,
  openStore,
  query,
  temporarySchema,
  through,
  urlWith,
} from './support/postgres.ts';

const failing = (code: string, retryable: boolean, message: RegExp) => ({
  code,
  retryable,
  message: expect.stringMatching(message) as string,
});

/** A role that may log in and nothing else, gone when the test is over; the schema that it was given rights in goes first. */
async function newRole(): Promise<{ readonly role: string; readonly connectionString: string }> {
  const role = newSchema();
  await query(`CREATE ROLE ${role} LOGIN PASSWORD '${role}'`);
  onTestFinished(async () => {
    await query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
  });
  return { role, connectionString: urlWith({ username: role, password: role }) };
}

describe('a server that cannot be reached', () => {
  it('fails open once, as one that may come later', async () => {
    const nobody = createServer().listen(0, '127.0.0.1');
    await once(nobody, 'listening');
    const { port } = nobody.address() as AddressInfo;
    nobody.close();
    await once(nobody, 'close');
    const proxy = await countingProxy({ host: '127.0.0.1', port });
    onTestFinished(() => proxy.close());
    const direct = makeStore({ connectionString: through(port), schema: 'nowhere' });
    await expect(direct.open?.()).rejects.toMatchObject(
      failing('STORE_UNAVAILABLE', true, /No PostgreSQL answers at this address/),
    );
    const store = makeStore({ connectionString: through(proxy.port), schema: 'nowhere' });
    for (const attempt of [1, 2]) {
      await expect(store.open?.()).rejects.toMatchObject(failing('STORE_UNAVAILABLE', true, /broke/));
      expect(proxy.connections()).toBe(attempt);
    }
  });

  it('fails open when it takes the connection and never answers', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    onTestFinished(() => {
      silent.close();
    });
    const { port } = silent.address() as AddressInfo;
    const config = { connectionTimeoutMillis: 100 };
    const store = makeStore({ connectionString: through(port), config, schema: 'nowhere' });
    await expect(store.open?.()).rejects.toMatchObject(failing('STORE_UNAVAILABLE', true, /no answer came in time/));
  });

  it.each([
    ['a host that does not exist', 'postgres://user:secret@nobody.invalid/x', /host .* is unknown|cannot be looked up/],
    ['a port that does not exist', 'postgres://user:secret@127.0.0.1:99999/x', /no usable address/],
    ['a string that is no address', 'postgres://user:secret@[::1/x', /no usable address/],
  ])('fails open for %s', async (_case, connectionString, message) => {
    const store = makeStore({ connectionString, schema: 'nowhere' });
    const error: unknown = await store.open?.().catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE', message: expect.stringMatching(message) as string });
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('secret');
  });
});

describeWithServer('a server on which the store cannot work', () => {
  it('is refused for a database that does not exist', async () => {
    const store = makeStore({ connectionString: urlWith({ pathname: '/no_such_database_here' }), schema: 'nowhere' });
    await expect(store.open?.()).rejects.toMatchObject(failing('STORE_UNAVAILABLE', false, /database does not exist/));
  });

  it.each([
    [
      'one snapshot for a transaction',
      'default_transaction_isolation=repeatable\\ read',
      'STORE_INCOMPATIBLE',
      /read committed/,
    ],
    ['read-only transactions', 'default_transaction_read_only=on', 'STORE_UNAVAILABLE', /takes no writes/],
  ])('is refused for %s', async (_case, setting, code, message) => {
    const schema = temporarySchema();
    await openStore({ schema });
    const store = makeStore({ config: { options: `-c ${setting}` }, schema });
    await expect(store.open?.()).rejects.toMatchObject(failing(code, false, message));
  });

  it('is refused for a database that cannot keep every text', async () => {
    const database = newSchema();
    await query(`CREATE DATABASE ${database} ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0`);
    onTestFinished(async () => {
      await query(`DROP DATABASE ${database}`);
    });
    const store = makeStore({ connectionString: urlWith({ pathname: `/${database}` }), schema: 'tasks' });
    await expect(store.open?.()).rejects.toMatchObject(failing('STORE_INCOMPATIBLE', false, /ENCODING 'UTF8'/));
    await store.close();
  });

  it('is refused without the right to make a schema', async () => {
    const { connectionString } = await newRole();
    const store = makeStore({ connectionString, schema: newSchema() });
    await expect(store.open?.()).rejects.toMatchObject(
      failing('STORE_UNAVAILABLE', false, /lacks a right: grant it CREATE/),
    );
  });

  it('is refused without the right to see the schema, or to write one of its tables', async () => {
    const schema = temporarySchema();
    await openStore({ schema });
    const { role, connectionString } = await newRole();
    const open = () => makeStore({ connectionString, schema }).open?.();
    await expect(open()).rejects.toMatchObject(failing('STORE_UNAVAILABLE', false, /lacks a right: .* USAGE/));
    await query(`GRANT USAGE ON SCHEMA ${schema} TO ${role}; GRANT SELECT ON ALL TABLES IN SCHEMA ${schema} TO ${role};
      GRANT INSERT, UPDATE, DELETE ON ${schema}.tasks, ${schema}.owners TO ${role}; GRANT INSERT, DELETE ON ${schema}.task_entries TO ${role}`);
    await expect(open()).rejects.toMatchObject(
      failing('STORE_UNAVAILABLE', false, /: task_entries \(UPDATE\)\. Grant them/),
    );
  });

  it('is worked with by a user who may use the schema and its tables, and make nothing', async () => {
    const schema = temporarySchema();
    await openStore({ schema });
    const { role, connectionString } = await newRole();
    await query(
      `GRANT USAGE ON SCHEMA ${schema} TO ${role}; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${schema} TO ${role}`,
    );
    await stored(await openStore({ connectionString, schema }));
    const [{ tasks } = {}] = await query(`SELECT count(*)::integer AS tasks FROM ${schema}.tasks`);
    expect(tasks).toBe(1);
  });

  it('makes its tables in an empty schema that it was given', async () => {
    const schema = temporarySchema();
    const { role, connectionString } = await newRole();
    await query(`CREATE SCHEMA ${schema} AUTHORIZATION ${role}`);
    await stored(await openStore({ connectionString, schema }));
  });
});
