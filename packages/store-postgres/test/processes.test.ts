import { createAtOnce, hearOfAnotherProcess, startProcess } from '@mcp-tasks/store-testing/vitest';
import { describe, expect, it } from 'vitest';
import { describeWithServer, missing, openStore, POSTGRES_URL, query, temporarySchema } from './support/postgres.ts';

const OPENING = new URL('./support/opening-process.ts', import.meta.url);

const FAILING = new URL('./support/failing-process.ts', import.meta.url);

describeWithServer('two processes', () => {
  it('[DURA-06][DURA-07] that open twenty stores at once make the schema once, and end of themselves', async () => {
    const schema = temporarySchema();
    await createAtOnce(OPENING, { connectionString: POSTGRES_URL, schema, config: { max: 1 } });
    expect(await query(`SELECT name FROM ${schema}.migrations ORDER BY name`)).toEqual([
      { name: '0001-initial' },
      { name: '0002-port-two' },
    ]);
  });

  it('[DURA-05][DURA-07] hint at each other’s writes', async () => {
    const schema = temporarySchema();
    const store = await openStore({ schema });
    await hearOfAnotherProcess(store, OPENING, { connectionString: POSTGRES_URL, schema });
  });
});

describe('a process that cannot open its store', () => {
  it('tries once and ends of itself: no timer tries on, and nothing stays open', async () => {
    const unreachable = startProcess(FAILING, { connectionString: 'postgres://127.0.0.1:1/x' });
    expect(await unreachable.ended).toBe(0);
    expect(unreachable.lines).toEqual(['STORE_UNAVAILABLE retryable']);
  });

  it.skipIf(missing)('because the schema is not ours ends of itself too', async () => {
    const schema = temporarySchema();
    await query(`CREATE SCHEMA ${schema}; CREATE TABLE ${schema}.migrations (id integer)`);
    const foreign = startProcess(FAILING, { connectionString: POSTGRES_URL, schema });
    expect(await foreign.ended).toBe(0);
    expect(foreign.lines).toEqual(['STORE_INCOMPATIBLE']);
  });
});
