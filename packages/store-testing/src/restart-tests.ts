import { newWriteId, systemClock, type TaskHead, type TaskStore } from '@mcp-tasks/store';
import { WaiterHub } from '@mcp-tasks/store/rules';
import { expect, it, onTestFinished } from 'vitest';
import { isRetryable, lostBy, startLoad } from './load.ts';
import type { DescribeTests } from './missing.ts';
import type { OwnServer } from './own-server.ts';
import { newTask } from './tasks.ts';
import { until } from './until.ts';

const KILLS = 3;

/** A database whose server a test may kill. */
export interface RestartedDatabase {
  /** Start a server of the test's own. */
  readonly start: () => Promise<OwnServer>;
  /** Open a store on a server. */
  readonly connect: (url: string) => Promise<TaskStore>;
  /** Look at the server after its last start, when the stores have written to it. */
  readonly check?: (url: string) => Promise<void>;
}

/** Test that a store outlives its server: it loses nothing acknowledged, and its waiters hear of later writes. */
export function describeRestarts(describeTests: DescribeTests, database: RestartedDatabase): void {
  describeTests('a server that is killed and started again under load', () => {
    it(`[DURA-01][STOR-02] has all of what was acknowledged, ${KILLS} times over`, async () => {
      const { server, stores, open } = await startWithTwoStores(database);
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
      await database.check?.(server.url);
      await reader.close();
    });

    it('[DURA-05] loses no waiter: who waited before hears of what another connection writes afterwards', async () => {
      const { server, stores } = await startWithTwoStores(database);
      const hearsOfMore = await startWaiter(stores);
      await hearsOfMore('before the restart');
      await server.kill();
      await server.start();
      await hearsOfMore('after the restart');
    });
  });
}

type TwoStores = readonly [TaskStore, TaskStore];

async function startWithTwoStores({ start, connect }: RestartedDatabase) {
  const server = await start();
  const open = () => connect(server.url);
  const stores: TwoStores = await Promise.all([open(), open()]);
  onTestFinished(async () => {
    for (const store of stores) await store.close();
    await server.remove();
  });
  return { server, stores, open };
}

/** Wait for a task by one store; what writes it by the other until the waiter hears of a later version. */
async function startWaiter([waiting, writing]: TwoStores): Promise<(when: string) => Promise<void>> {
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
    const expected = record?.head ?? head;
    const update = { taskId, expected, writeId: newWriteId(), patch: { head: {} }, nowMs };
    await writing.update(update).catch(() => undefined);
  };
  await until('the first look', () => seen?.version === 1);
  return async (when) => {
    const before = seen?.version ?? 0;
    // A hint goes lost while the channel is not there; one of a later write is not.
    await until(`a hint ${when}`, async () => {
      await write();
      return (seen?.version ?? 0) > before;
    });
  };
}
