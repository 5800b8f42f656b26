import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it, type TestContext } from 'vitest';
import { startClockedServer } from './support/clocked-server.ts';
import { readExecutions } from './support/counted-steps.ts';
import { type Database, type DatabaseKind, DATABASES, SERVERS } from './support/databases.ts';
import { startServer } from './support/server.ts';
import { until } from './support/until.ts';

const HOURS_2_MS = 2 * 3_600_000;
/** Several leases long, with a sweep every 100 ms. */
const LEASE_MS = 2_000;
const STEPS = 60;
const STEP_MS = 100;

/** A healthy server, and what it has on the store: a task that is finished and one that runs. */
async function healthy({ create }: DatabaseKind, { onTestFinished }: TestContext) {
  const database = await create();
  onTestFinished(() => database.remove());
  const folder = await mkdtemp(path.join(tmpdir(), 'mcp-tasks-faults-clock-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const environment = { STORE_URL: database.url, COUNT_DIR: folder, LEASE_MS: `${LEASE_MS}`, SWEEP_INTERVAL_MS: '100' };
  const server = await startServer(environment);
  onTestFinished(() => server.kill());
  const finished = await server.client.start('count_steps', { steps: 1, stepMs: 0, file: 'finished' });
  await server.client.result(finished);
  const running = await server.client.start('count_steps', { steps: STEPS, stepMs: STEP_MS, file: 'running' });
  const stepsRun = (file: string) => readExecutions(folder, file).size;
  return { database, folder, environment, server, finished, running, stepsRun };
}

async function attemptOf(database: Database, taskId: string): Promise<number | undefined> {
  const store = database.connect();
  try {
    await store.open?.();
    const [record] = await store.get({ taskIds: [taskId], kinds: [], nowMs: Date.now() });
    return record?.head.attempt;
  } finally {
    await store.close();
  }
}

/** Nothing ran twice, and the one task is as finished as it was. */
async function expectUnharmed({ database, folder, server, finished, running }: Awaited<ReturnType<typeof healthy>>) {
  expect(await server.client.result(running)).toBe(`counted ${STEPS}`);
  expect(await attemptOf(database, running)).toBe(1);
  expect([...readExecutions(folder, 'running').values()].every((count) => count === 1)).toBe(true);
  expect(await server.client.result(finished)).toBe('counted 1');
}

const where = (missing: string | undefined): string => (missing === undefined ? '' : `: ${missing}`);

describe.concurrent.each(DATABASES)('a server whose wall clock steps by two hours, on $name', (kind) => {
  const { missing } = kind;
  // Where the database is not to be had, which the title says, and CI=true makes a failure.
  it.skipIf(missing !== undefined).concurrent(
    `[LIFE-01] ahead, back and behind loses no task, and interrupts no run of its own or of another${where(missing)}`,
    async (context) => {
      const setUp = await healthy(kind, context);
      const stepped = await startClockedServer(setUp.environment, setUp.folder);
      context.onTestFinished(() => stepped.kill());
      const own = await stepped.client.start('count_steps', { steps: STEPS, stepMs: STEP_MS, file: 'own' });
      for (const [part, errorMs] of [HOURS_2_MS, 0, -HOURS_2_MS].entries()) {
        await until('steps have run', () => setUp.stepsRun('running') > (part * STEPS) / 4);
        await stepped.setWallClock(errorMs);
      }
      await expectUnharmed(setUp);
      expect(await stepped.client.result(own)).toBe(`counted ${STEPS}`);
      expect(await attemptOf(setUp.database, own)).toBe(1);
      // What it makes now lives as long as it should, for others too.
      const later = await stepped.client.start('count_steps', { steps: 1, stepMs: 0, file: 'later' });
      expect(await setUp.server.client.result(later)).toBe('counted 1');
      expect(await stepped.stop()).toBe(0);
    },
  );
});

describe.concurrent.each(SERVERS)('a server whose wall clock is wrong when it starts, on $name', (kind) => {
  const { missing } = kind;
  // Where the database is not to be had, which the title says, and CI=true makes a failure.
  it.skipIf(missing !== undefined).concurrent.for([HOURS_2_MS, -HOURS_2_MS])(
    `[LIFE-01] by %d ms loses no task and interrupts no run, also when its clock is mended${where(missing)}`,
    async (errorMs, context) => {
      const setUp = await healthy(kind, context);
      const wrong = await startClockedServer(setUp.environment, setUp.folder, errorMs);
      context.onTestFinished(() => wrong.kill());
      const own = await wrong.client.start('count_steps', { steps: STEPS, stepMs: STEP_MS, file: 'own' });
      await until('steps have run', () => setUp.stepsRun('running') > STEPS / 2);
      await wrong.setWallClock(0);
      await expectUnharmed(setUp);
      expect(await setUp.server.client.result(own)).toBe(`counted ${STEPS}`);
      expect(await attemptOf(setUp.database, own)).toBe(1);
      expect(await wrong.stop()).toBe(0);
    },
  );
});
