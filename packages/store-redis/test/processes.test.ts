import { createAtOnce, hearOfAnotherProcess, startProcess } from '@mcp-tasks/store-testing/vitest';
import { describe, expect, it, onTestFinished } from 'vitest';
import { missingPrograms, ownServer } from './support/own-server.ts';
import { describeWithServer, openStore, REDIS_URL, temporaryName, withRedis } from './support/redis.ts';

const OPENING = new URL('./support/opening-process.ts', import.meta.url);

const FAILING = new URL('./support/failing-process.ts', import.meta.url);

describeWithServer('two processes', () => {
  it('[DURA-06][DURA-07] open twenty stores at once on one layout, and end of themselves', async () => {
    const name = temporaryName();
    await createAtOnce(OPENING, { url: REDIS_URL, name });
    const schema = await withRedis((redis) => redis.hgetall(`{${name}}:schema`));
    expect(schema).toEqual({ version: '2', compatibleFrom: '2' });
  });

  it('[DURA-05][DURA-07] hint at each other’s writes', async () => {
    const name = temporaryName();
    const store = await openStore({ name });
    await hearOfAnotherProcess(store, OPENING, { url: REDIS_URL, name });
  });
});

describe('a process that cannot open its store', () => {
  it('tries once and ends of itself: no timer tries on', async () => {
    const failing = startProcess(FAILING, { url: 'redis://127.0.0.1:1' });
    expect(await failing.ended).toBe(0);
    expect(failing.lines).toEqual(['STORE_UNAVAILABLE retryable']);
  });

  it.skipIf(missingPrograms)('because of a setting of the server ends of itself too', async () => {
    const server = await ownServer({ settings: ['maxmemory-policy allkeys-lru'] });
    onTestFinished(() => server.remove());
    const failing = startProcess(FAILING, { url: server.url });
    expect(await failing.ended).toBe(0);
    expect(failing.lines).toEqual(['STORE_INCOMPATIBLE']);
  });
});
