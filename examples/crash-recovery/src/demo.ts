import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectClient, type SeenTask } from './client.ts';
import { startServer } from './server-process.ts';
import { createLog, readLog } from './step-log.ts';
import { storedSteps } from './stored-steps.ts';

/** One act of the demo. */
export interface DemoOptions {
  readonly tasks: number;
  /** Steps of each task. */
  readonly batches: number;
  /** How long a step takes. */
  readonly batchMs: number;
  readonly kills: number;
  readonly print: (line: string) => void;
}

const isOver = ({ status }: SeenTask): boolean => status !== 'working' && status !== 'input_required';

/** Run the demo. @returns what was not as expected; empty when all was. */
export async function runDemo(options: DemoOptions): Promise<readonly string[]> {
  const folder = mkdtempSync(path.join(tmpdir(), 'mcp-tasks-crash-'));
  try {
    return await killAndRecover(options, path.join(folder, 'tasks.db'), path.join(folder, 'steps.log'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function killAndRecover(
  { tasks, batches, batchMs, kills, print }: DemoOptions,
  database: string,
  log: string,
): Promise<readonly string[]> {
  const faults: string[] = [];
  createLog(log);
  let server = await startServer(database, log);
  let client = await connectClient(server.url);
  const started = await Promise.all(Array.from({ length: tasks }, () => client.start(batches, batchMs)));
  const taskIds = started.map(({ taskId }) => taskId);
  print(`started ${tasks} tasks of ${batches} steps each`);

  for (let kill = 1; kill <= kills; kill += 1) {
    await untilStepInFlight(log, database, taskIds, (tasks * batches * kill) / (kills + 1));
    await client.close();
    await server.kill();
    const stored = await storedSteps(database, taskIds);
    const before = readLog(log);
    const inFlight = [...before.keys()].filter((step) => !stored.has(step)).length;
    print(`kill ${kill}: ${stored.size} of ${tasks * batches} steps stored, ${inFlight} begun and not stored`);
    if (inFlight === 0) faults.push(`kill ${kill} hit no step in flight`);

    server = await startServer(database, log);
    client = await connectClient(server.url);
    await untilProgress(log, before, () => Promise.all(taskIds.map((taskId) => client.get(taskId))));
    const after = readLog(log);
    for (const step of stored) {
      if (after.get(step) !== before.get(step))
        faults.push(`step ${step} was stored, and ran again after kill ${kill}`);
    }
  }

  const expected = `imported ${(10 * batches * (batches + 1)) / 2} rows`;
  for (const taskId of taskIds) {
    const text = await client.result(taskId);
    if (!text.startsWith(expected)) faults.push(`task ${taskId} answered "${text}" instead of "${expected}"`);
    const { status } = await client.get(taskId);
    if (status !== 'completed') faults.push(`task ${taskId} ended ${status}`);
  }
  await client.close();
  await server.close();

  const executions = readLog(log);
  const again = [...executions.values()].filter((count) => count > 1).length;
  print(
    `all ${tasks} tasks completed; ${executions.size} steps, ${again} of them begun again after a kill had interrupted them`,
  );
  if (executions.size !== tasks * batches) faults.push(`${executions.size} steps ran instead of ${tasks * batches}`);
  return faults;
}

/** Wait for a moment in which so many steps have begun, and one of them is not stored. */
async function untilStepInFlight(
  log: string,
  database: string,
  taskIds: readonly string[],
  begunAtLeast: number,
): Promise<void> {
  for (;;) {
    const begun = readLog(log);
    if (begun.size >= begunAtLeast) {
      const stored = await storedSteps(database, taskIds);
      if ([...begun.keys()].some((step) => !stored.has(step))) return;
    }
    await sleep(20);
  }
}

/** Wait until the new server has begun a step, or has nothing left to do. */
async function untilProgress(
  log: string,
  before: ReadonlyMap<string, number>,
  see: () => Promise<readonly SeenTask[]>,
): Promise<void> {
  const lines = (executions: ReadonlyMap<string, number>) =>
    [...executions.values()].reduce((sum, count) => sum + count, 0);
  while (lines(readLog(log)) === lines(before) && !(await see()).every(isOver)) await sleep(20);
}
