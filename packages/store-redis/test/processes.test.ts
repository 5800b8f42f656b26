import { describe, expect, it, onTestFinished } from 'vitest';
import { missingPrograms, ownServer } from './support/own-server.ts';
import { startProcess } from './support/processes.ts';
import { describeWithServer, openStore, REDIS_URL, temporaryName, withRedis } from './support/redis.ts';
import { until } from './support/until.ts';

const OPENING = new URL('./support/opening-process.ts', import.meta.url);

const FAILING = new URL('./support/failing-process.ts', import.meta.url);

describeWithServer('two processes', () => {
  it('[DURA-06][DURA-07] open twenty stores at once on one layout, and end of themselves', async () => {
    const name = temporaryName();
    const parameter = { url: REDIS_URL, name, stores: 10 };
    const processes = [startProcess(OPENING, parameter), startProcess(OPENING, parameter)];
    await until('both processes', () => processes.every(({ lines }) => lines.includes('ready')));
    for (const { tell } of processes) tell('open');
    expect(await Promise.all(processes.map(({ ended }) => ended))).toEqual([0, 0]);
    const outcomes = processes.flatMap(({ lines }) => (lines[1] ?? '').split(' '));
    expect(outcomes.sort()).toEqual(['created', ...Array.from({ length: 19 }, () => 'existing')]);
    const schema = await withRedis((redis) => redis.hgetall(`{${name}}:schema`));
    expect(schema).toEqual({ version: '1', compatibleFrom: '1' });
  });

  it('[DURA-05][DURA-07] hint at each other’s writes', async () => {
    const name = temporaryName();
    const store = await openStore({ name });
    const seen: string[] = [];
    await store.watch?.(({ status }) => seen.push(status));
    const other = startProcess(OPENING, { url: REDIS_URL, name, stores: 1 });
    other.tell('open');
    expect(await other.ended).toBe(0);
    await until('a hint of the other process', () => seen.includes('working'));
  });
});

describe('a process that cannot open its store', () => {
  it('tries once and ends of itself: no timer tries on', async () => {
    const failing = startProcess(FAILING, { url: 'redis://127.0.0.1:1' });
    expect(await failing.ended).toBe(0);
    expect(failing.lines).toEqual(['STORE_UNAVAILABLE']);
  });

  it.skipIf(missingPrograms)('because of a setting of the server ends of itself too', async () => {
    const server = await ownServer({ settings: ['maxmemory-policy allkeys-lru'] });
    onTestFinished(() => server.remove());
    const failing = startProcess(FAILING, { url: server.url });
    expect(await failing.ended).toBe(0);
    expect(failing.lines).toEqual(['STORE_INCOMPATIBLE']);
  });
});
