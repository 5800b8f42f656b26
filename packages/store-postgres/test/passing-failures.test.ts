import dns from 'node:dns';
import { TaskError, type TaskStore } from '@mcp-tasks/store';
import { countingProxy } from '@mcp-tasks/store-kit/fakes';
import { stored, until } from '@mcp-tasks/store-testing';
import { expect, it, onTestFinished } from 'vitest';
import {
  address,
  describeWithServer,
  newSchema,
  openStore,
  query,
  temporarySchema,
  urlWith,
} from './support/postgres.ts';

/** Call until it fails as told: a pool may have one more connection. Every failure on the way may pass, too. */
async function failsFor(store: TaskStore, message: RegExp): Promise<void> {
  await until(`a failure with ${message}`, async () => {
    const error: unknown = await store.serverTimeMs?.().catch((reason: unknown) => reason);
    if (!TaskError.is(error)) return false;
    expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true });
    return message.test(error.message);
  });
}

/** A store of a role of its own, whose connections are known to the server by it. */
async function ofOwnRole() {
  const schema = temporarySchema();
  await openStore({ schema });
  const role = newSchema();
  const grant = `GRANT USAGE ON SCHEMA ${schema} TO ${role}; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${schema} TO ${role}`;
  await query(`CREATE ROLE ${role} LOGIN PASSWORD '${role}'; ${grant}`);
  onTestFinished(async () => {
    await query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
  });
  const store = await openStore({
    connectionString: urlWith({ username: role, password: role }),
    schema,
    config: { max: 1 },
    hints: false,
  });
  const disconnect = () => query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1', [role]);
  return { store, role, schema, grant, disconnect };
}

describeWithServer('an open store', () => {
  it('[DURA-05] goes on after the name of its server was not found for a while', async () => {
    const proxy = await countingProxy(address());
    onTestFinished(() => proxy.close());
    const real = dns.lookup;
    const name = 'database.internal';
    let isKnown = true;
    const lookup = (host: string, options: dns.LookupAllOptions, answer: (...answers: unknown[]) => void) => {
      if (host !== name) real(host, options, answer);
      else if (isKnown) real('127.0.0.1', options, answer);
      else answer(Object.assign(new TypeError(`getaddrinfo ENOTFOUND ${name}`), { code: 'ENOTFOUND' }));
    };
    dns.lookup = lookup as unknown as typeof dns.lookup;
    onTestFinished(() => {
      dns.lookup = real;
    });
    const connectionString = urlWith({ hostname: name, port: String(proxy.port) });
    const store = await openStore({ connectionString, hints: false });
    isKnown = false;
    proxy.breakConnections();
    await failsFor(store, /host .* is unknown/);
    isKnown = true;
    await stored(store);
  });

  it('[DURA-05] goes on after its user was refused a connection for a while', async () => {
    const { store, role, disconnect } = await ofOwnRole();
    await query(`ALTER ROLE ${role} CONNECTION LIMIT 0`);
    await disconnect();
    await failsFor(store, /out of a resource/);
    await query(`ALTER ROLE ${role} NOLOGIN`);
    await failsFor(store, /refused the login/);
    await query(`ALTER ROLE ${role} LOGIN CONNECTION LIMIT -1`);
    await stored(store);
  });

  it('[DURA-05] goes on after its user had no right for a while, and fails for good without a function', async () => {
    const { store, role, schema, grant } = await ofOwnRole();
    await query(`REVOKE ALL ON SCHEMA ${schema} FROM ${role}`);
    const refused = { code: 'STORE_UNAVAILABLE', retryable: true };
    await expect(stored(store)).rejects.toMatchObject({
      ...refused,
      message: expect.stringMatching(/lacks a right/) as string,
    });
    await query(grant);
    await stored(store);
    await query(`DROP FUNCTION ${schema}.create_task`);
    await expect(stored(store)).rejects.toMatchObject({ code: 'STORE_INCOMPATIBLE', retryable: false });
  });
});
