import { systemClock, type TaskHead } from '@mcp-tasks/store';
import { WaiterHub } from '@mcp-tasks/store/rules';
import { expect, it, onTestFinished } from 'vitest';
import { connect } from './support/connect.ts';
import { isRetryable, lostBy, startLoad } from './support/load.ts';
import { describeWithPrograms, ownServer } from './support/own-server.ts';
import { withRedis } from './support/redis.ts';
import { newTask } from './support/tasks.ts';
import { until } from './support/until.ts';

const KILLS = 3;

/** A server of our own, and connections to it. */
async function serverWith(count: number) {
  const server = await ownServer();
  const open = () => connect({ url: server.url });
  const stores = await Promise.all(Array.from({ length: count }, open));
  onTestFinished(async () => {
    for (const store of stores) await store.close();
    await server.remove();
  });
  return { server, stores, open };
}

describeWithPrograms('a server that is killed and started again under load', () => {
  it(`[DURA-01][STOR-02] has all of what was acknowledged, ${KILLS} times over`, async () => {
    const { server, stores, open } = await serverWith(2);
    const load = startLoad([...stores, ...stores]);
    for (let kill = 0; kill < KILLS; kill += 1) {
      const enough = load.acknowledged.size + 10 + Math.floor(Math.random() * 40);
      await until('writes', () => load.acknowledged.size >= enough);
      await server.kill();
      await until('a failure', () => load.failures.length > 0);
      await server.start();
    }
    const enough = load.acknowledged.size + 10;
    await until('writes after the last start', () => load.acknowledged.size >= enough);
    await load.stop();
    const reader = await open();
    expect(await lostBy(reader, load.acknowledged)).toEqual([]);
    expect(load.failures.filter((error) => !isRetryable(error))).toEqual([]);
    // The new server knew no script, and was told.
    const errors = await withRedis((redis) => redis.info('errorstats'), server.url);
    expect(errors).toContain('errorstat_NOSCRIPT');
    await reader.close();
  });

  it('[DURA-05] loses no waiter: who waited before hears of what another connection writes afterwards', async () => {
    const { server, stores } = await serverWith(2);
    const [waiting, writing] = stores;
    if (waiting === undefined || writing === undefined) throw new TypeError('two stores were opened');
    const { head } = newTask({ createdAtMs: Date.now(), expiresAtMs: Date.now() + 3_600_000 });
    const { taskId } = head;
    await writing.create({ ...newTask(), head, nowMs: head.createdAtMs });
    // No tick: only a hint makes it look again.
    const hub = new WaiterHub({ store: waiting, clock: systemClock(), tickMs: 3_000_000, watchedTickMs: 3_000_000 });
    onTestFinished(() => hub.close());
    let seen: TaskHead | undefined;
    const notify = (told: TaskHead | undefined) => {
      seen = told;
    };
    hub.add({ taskId, seenVersion: () => seen?.version ?? 0, notify });
    const write = async () => {
      const nowMs = Date.now();
      const [record] = await writing.get({ taskIds: [taskId], kinds: [], nowMs }).catch(() => []);
      const expectedVersion = record?.head.version ?? 0;
      await writing.update({ taskId, expectedVersion, patch: { head: {} }, nowMs }).catch(() => undefined);
    };
    // A hint goes lost while the channel is not there; one of a later write is not.
    const hearsOfMore = async (when: string) => {
      const before = seen?.version ?? 0;
      await until(`a hint ${when}`, async () => {
        await write();
        return (seen?.version ?? 0) > before;
      });
    };
    await until('the first look', () => seen?.version === 1);
    await hearsOfMore('before the restart');
    await server.kill();
    await server.start();
    await hearsOfMore('after the restart');
  });
});
