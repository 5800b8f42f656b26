import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it, type TestContext } from 'vitest';
import { type Database, DATABASES } from './support/databases.ts';
import { createDue, untilEnded } from './support/due-tasks.ts';
import { storeAt } from './support/stores.ts';
import { startWorkerProcess, type WorkerOptions, type WorkerProcess } from './support/workers.ts';

/** The default of `maxCrashes`. */
const MAX_CRASHES = 3;
const INNOCENT = 14;

/** Keep a worker process alive: each that dies is followed by another. */
async function keepWorking({ onTestFinished }: TestContext, options: WorkerOptions): Promise<void> {
  let isWanted = true;
  let current: WorkerProcess | undefined;
  const next = async () => {
    const process = await startWorkerProcess(options);
    current = process;
    if (!isWanted) await process.kill();
    void process.ended.then(() => (isWanted ? next() : undefined));
    await process.go();
  };
  onTestFinished(async () => {
    isWanted = false;
    await current?.kill();
  });
  await next();
}

/** Let one poison task and its neighbours run in so many processes. @returns what became of them. */
async function poisoned(context: TestContext, database: Database, processes: number) {
  const { onTestFinished } = context;
  const folder = await mkdtemp(path.join(tmpdir(), 'mcp-tasks-faults-log-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const look = storeAt(database.url);
  onTestFinished(() => look.close());
  await look.open?.();
  // Longer than the poison takes, so that it meets them all at work.
  const innocent = Array.from({ length: INNOCENT }, (_, task) => {
    return { tool: 'work', owner: `owner ${task}`, arguments: { ms: 600 } };
  });
  const taskIds = await createDue(look, [{ tool: 'poison', owner: 'poison', arguments: {} }, ...innocent]);
  const options = { url: database.url, log: path.join(folder, 'log'), leaseMs: 2_000 };
  await Promise.all(Array.from({ length: processes }, () => keepWorking(context, options)));
  const heads = await untilEnded(look, taskIds);
  const lines = (await readFile(options.log, 'utf8')).split('\n');
  return {
    poisonRuns: lines.filter((line) => line.includes(' poison ')).length,
    failed: heads.filter(({ status }) => status === 'failed').map(({ handler }) => handler),
    completed: heads.filter(({ status }) => status === 'completed').map(({ handler }) => handler),
  };
}

describe.concurrent.each(DATABASES)('a task that kills its process, on $name', ({ missing, create }) => {
  // Where the database is not to be had, which the title says, and CI=true makes a failure.
  it.skipIf(missing !== undefined).concurrent.for([1, 2])(
    `[LIFE-06] fails alone after ${MAX_CRASHES} runs, and ${INNOCENT} neighbours without checkpoints complete, in %d processes${missing === undefined ? '' : `: ${missing}`}`,
    async (processes, context) => {
      const database = await create();
      context.onTestFinished(() => database.remove());
      expect(await poisoned(context, database, processes)).toEqual({
        poisonRuns: MAX_CRASHES,
        failed: ['poison'],
        completed: Array.from({ length: INNOCENT }, () => 'work'),
      });
    },
  );
});
