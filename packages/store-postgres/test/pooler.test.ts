import { contractCases, type StoreHarness } from '@mcp-tasks/store-kit';
import { stored } from '@mcp-tasks/store-testing';
import type { OwnServer } from '@mcp-tasks/store-testing/vitest';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { connect } from './support/connect.ts';
import { describeWithPrograms, ownServer } from './support/own-server.ts';
import { type Pooler, transactionPooler } from './support/pooler.ts';
import { makeStore, newSchema, query } from './support/postgres.ts';

/** Every method in every order, and what several connections do at once. */
const CASES = ['agrees', 'open-together', 'close-settles', 'renew-moves', 'sweep-all-of-it', 'watch-hints'];

describeWithPrograms('behind a transaction pooler', () => {
  let server: OwnServer;
  let pooler: Pooler;
  beforeAll(async () => {
    server = await ownServer();
    pooler = await transactionPooler({ host: '127.0.0.1', port: server.port });
  });
  afterAll(async () => {
    await pooler.close();
    await server.remove();
  });
  const pooled = () => server.url.replace(`:${server.port}/`, `:${pooler.port}/`);

  const harness: StoreHarness = {
    hasServerTime: true,
    async create() {
      const schema = newSchema();
      return {
        connect: () => connect({ connectionString: pooled(), hints: server.url, schema }),
        async destroy() {
          await query(`SET client_min_messages TO warning; DROP SCHEMA ${schema} CASCADE`, [], server.url);
        },
      };
    },
  };

  it.each(CASES)('holds the contract: %s', async (id) => {
    const found = contractCases.find((contractCase) => contractCase.id === id);
    expect(found).toBeDefined();
    await found?.run(harness);
  });

  it('has its transactions on many connections of the server, on which prepared statements are lost', async () => {
    const before = pooler.hands();
    const store = makeStore({ connectionString: pooled(), hints: false, schema: 'prepared', preparedStatements: true });
    onTestFinished(() => store.close());
    await store.open?.();
    const outcomes = await Promise.allSettled(Array.from({ length: 6 }, () => stored(store)));
    for (let call = 0; call < 6; call += 1) outcomes.push(...(await Promise.allSettled([stored(store)])));
    expect(outcomes.some(({ status }) => status === 'rejected')).toBe(true);
    expect(pooler.hands()).toBeGreaterThan(before + 6);
  });
});
