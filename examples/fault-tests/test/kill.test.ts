import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readExecutions, readStored } from './support/counted-steps.ts';
import { type Database, DATABASES } from './support/databases.ts';
import { seededRandom } from './support/seeded-random.ts';
import { startServer } from './support/server.ts';
import { until } from './support/until.ts';

const KILLS = Number(process.env['FAULT_KILLS'] ?? 5);
const TASKS_PER_KILL = 10;
const STEPS = 3;
const STEP_MS = 60;
const FILE = 'executions';

/** SQLite takes every kill; a server on a network database dies the same death, so these take some. */
const killsOn = (name: string): number => (name === 'SQLite' ? KILLS : Math.ceil(KILLS / 5));

describe.each(DATABASES)('a server killed at random points, on $name', ({ name, missing, create }) => {
  // Where the database is not to be had, which the title says, and CI=true makes a failure.
  it.skipIf(missing !== undefined)(
    `[DURA-01][DURA-02] loses no task and runs no stored step again in ${killsOn(name)} kills over ${killsOn(name) * TASKS_PER_KILL} tasks${missing === undefined ? '' : `: ${missing}`}`,
    async () => {
      const seed = Number(process.env['FAULT_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
      console.log(`FAULT_SEED=${seed}`);
      const database = await create();
      onTestFinished(() => database.remove());
      const folder = await mkdtemp(path.join(tmpdir(), 'mcp-tasks-faults-count-'));
      onTestFinished(() => rm(folder, { recursive: true, force: true }));
      await killAndCompare(database, folder, { kills: killsOn(name), random: seededRandom(seed) });
    },
  );
});

const total = (executions: ReadonlyMap<string, number>): number =>
  [...executions.values()].reduce((sum, runs) => sum + runs, 0);

interface Plan {
  readonly kills: number;
  readonly random: () => number;
}

async function killAndCompare(database: Database, folder: string, { kills, random }: Plan): Promise<void> {
  const environment = { STORE_URL: database.url, COUNT_DIR: folder };
  const taskIds: string[] = [];
  /** How often a step had run when it was first seen stored: the number must stay. */
  const runsWhenStored = new Map<string, number>();
  let server = await startServer(environment);
  for (let kill = 0; kill < kills;) {
    const ranBefore = total(readExecutions(folder, FILE));
    // After a kill that hit nothing, one more task gives the next something to hit.
    do {
      taskIds.push(await server.client.start('count_steps', { steps: STEPS, stepMs: STEP_MS, file: FILE }));
    } while (taskIds.length < (kill + 1) * TASKS_PER_KILL);
    await sleep(random() * STEPS * STEP_MS);
    await until('this server has begun a step', () => total(readExecutions(folder, FILE)) > ranBefore);
    await server.kill();
    const stored = await look(database, taskIds);
    const before = readExecutions(folder, FILE);
    // A kill counts when it hit a step that had begun and was not stored.
    if ([...before.keys()].some((step) => !stored.has(step))) kill += 1;
    for (const step of stored) if (!runsWhenStored.has(step)) runsWhenStored.set(step, before.get(step) ?? 0);
    server = await startServer(environment);
  }

  for (const taskId of taskIds) expect(await server.client.result(taskId)).toBe(`counted ${STEPS}`);
  for (const taskId of taskIds) expect(await server.client.get(taskId)).toMatchObject({ status: 'completed' });
  expect(await server.stop()).toBe(0);
  const stored = await look(database, taskIds);
  const executions = readExecutions(folder, FILE);
  expect([...executions.keys()].sort()).toEqual([...stored].sort());
  expect(stored.size).toBe(taskIds.length * STEPS);
  const again = [...runsWhenStored].filter(([step, runs]) => executions.get(step) !== runs);
  expect(again).toEqual([]);
}

/** What is stored, seen from outside; every task whose start was acknowledged must be there. */
async function look(database: Database, taskIds: readonly string[]): Promise<ReadonlySet<string>> {
  const store = database.connect();
  try {
    await store.open?.();
    const { steps, found } = await readStored(store, taskIds);
    expect(found).toBe(taskIds.length);
    return steps;
  } finally {
    await store.close();
  }
}
