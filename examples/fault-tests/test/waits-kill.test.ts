import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TaskStore } from '@mcp-tasks/store';
import { describe, expect, it } from 'vitest';
import { DATABASES } from './support/databases.ts';
import { createDue, untilEnded } from './support/due-tasks.ts';
import { storeAt } from './support/stores.ts';
import { until } from './support/until.ts';
import { startWorkerProcess } from './support/workers.ts';

const WAIT_MS = 1_500;
const LEASE_MS = 2_000;
/** How a wait is spent: in the memory of the process that is killed, or parked, which frees the task at once. */
const WAYS = [
  { where: 'in memory', parkAfterMs: 60_000, isHeld: true },
  { where: 'parked', parkAfterMs: 1, isHeld: false },
] as const;

/** The head, and the waits by name. */
async function waitsOf(store: TaskStore, taskId: string) {
  const [record] = await store.get({ taskIds: [taskId], kinds: ['wait'], nowMs: Date.now() });
  const waits = (record?.entries ?? []).filter(({ kind }) => kind === 'wait');
  return { head: record?.head, waits: new Map(waits.map(({ name, value }) => [name, value])) };
}

describe.concurrent.each(DATABASES)('a task that waits when its process is killed, on $name', ({ missing, create }) => {
  // Where the database is not to be had, which the title says, and CI=true makes a failure.
  it.skipIf(missing !== undefined).concurrent.for(WAYS)(
    `[LIFE-08] $where, goes on with the tries that are left, and sleeps until when it was first to wake${missing === undefined ? '' : `: ${missing}`}`,
    async ({ parkAfterMs, isHeld }, { onTestFinished }) => {
      const database = await create();
      onTestFinished(() => database.remove());
      const folder = await mkdtemp(path.join(tmpdir(), 'mcp-tasks-faults-log-'));
      onTestFinished(() => rm(folder, { recursive: true, force: true }));
      const log = path.join(folder, 'log');
      const look = storeAt(database.url);
      onTestFinished(() => look.close());
      await look.open?.();
      const options = { url: database.url, log, leaseMs: LEASE_MS, parkAfterMs };
      // They load while the task waits.
      const workers = await Promise.all([1, 2, 3].map(() => startWorkerProcess(options)));
      onTestFinished(async () => {
        await Promise.all(workers.map((worker) => worker.kill()));
      });
      const [taskId = ''] = await createDue(look, [{ tool: 'waits', owner: 'owner', arguments: { ms: WAIT_MS } }]);
      const waitsFor = (name: string, tries?: number) => async () => {
        const { head, waits } = await waitsOf(look, taskId);
        const wait = waits.get(name);
        const isThere = wait !== undefined && (tries === undefined || wait.includes(`"tries":${tries},`));
        return isThere && (head?.holder !== undefined) === isHeld;
      };

      await workers[0]?.go();
      await until('the second try waits', waitsFor('tried', 1));
      await workers[0]?.kill();
      // Its own first try fails too: with the two retries that the task has, it is the second.
      await workers[1]?.go();
      await until('the third try waits', waitsFor('tried', 2));
      // The third try succeeds in this process, and the sleep begins.
      await until('the task sleeps', waitsFor('nap'));
      const asleep = await waitsOf(look, taskId);
      await workers[1]?.kill();
      await workers[2]?.go();
      const [end] = await untilEnded(look, [taskId]);
      expect(end?.status).toBe('completed');
      expect((await waitsOf(look, taskId)).waits.get('nap')).toBe(asleep.waits.get('nap'));
      const lines = (await readFile(log, 'utf8')).trim().split('\n');
      const key = `${taskId}/tried`;
      expect(lines).toEqual([
        `${workers[0]?.pid} try ${taskId} ${key}`,
        `${workers[1]?.pid} try ${taskId} ${key}`,
        `${workers[1]?.pid} try ${taskId} ${key}`,
        `${workers[2]?.pid} slept ${taskId}`,
      ]);
    },
  );
});
