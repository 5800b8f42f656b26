import { createTasks, inProcessExecutor } from '@mcp-tasks/runner';
import type { TaskStore } from '@mcp-tasks/store';
import { beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { type Database, DATABASES } from './support/databases.ts';
import { createDue, untilEnded } from './support/due-tasks.ts';
import { storeAt } from './support/stores.ts';
import { startWorkerProcess, type WorkerReport } from './support/workers.ts';

const OWNERS = 40;
const LEASE_MS = 10_000;
const SLOTS = 4;
/** Tasks of 50 ms: for one process, and for four. */
const FOR_ONE = 100;
const FOR_FOUR = 400;
const TASK_MS = 50;
/** Tasks that take no time, for eight processes. */
const FOR_EIGHT = 2_000;

/** What was due at once, and how it went. */
interface Batch {
  readonly taskIds: ReadonlySet<string>;
  readonly tasksPerSecond: number;
}

const workOf = (count: number, ms: number) =>
  Array.from({ length: count }, (_, task) => ({ tool: 'work', owner: `owner ${task % OWNERS}`, arguments: { ms } }));

/** Let more and more processes of a store work: one, four, and eight. */
async function workTogether(database: Database) {
  const look = storeAt(database.url);
  await look.open?.();
  const options = { url: database.url, leaseMs: LEASE_MS, concurrency: SLOTS };
  const workers = await Promise.all(Array.from({ length: 8 }, () => startWorkerProcess(options)));
  try {
    let working: typeof workers = [];
    const batch = async (processes: number, count: number, ms: number): Promise<Batch> => {
      // All is due before a process looks, so that none gets ahead.
      for (const worker of working) worker.signal('SIGSTOP');
      const taskIds = await createDue(look, workOf(count, ms));
      const startMs = performance.now();
      for (const worker of working) worker.signal('SIGCONT');
      const joining = workers.slice(working.length, processes);
      working = workers.slice(0, processes);
      await Promise.all(joining.map((worker) => worker.go()));
      await untilEnded(look, taskIds);
      return { taskIds: new Set(taskIds), tasksPerSecond: (1_000 * count) / (performance.now() - startMs) };
    };
    const one = await batch(1, FOR_ONE, TASK_MS);
    const four = await batch(4, FOR_FOUR, TASK_MS);
    const eight = await batch(8, FOR_EIGHT, 0);
    const reports = await Promise.all(workers.map((worker) => worker.stop()));
    return { one, four, eight, reports };
  } finally {
    await Promise.all(workers.map((worker) => worker.kill()));
    await look.close();
  }
}

const ranOf = ({ ran }: WorkerReport, { taskIds }: Batch): readonly string[] =>
  ran.filter((taskId) => taskIds.has(taskId));

describe.each(DATABASES)('processes that share the queue of $name', ({ name, missing, create }) => {
  const why = missing === undefined ? '' : `: ${missing}`;
  let seen: Awaited<ReturnType<typeof workTogether>>;

  beforeAll(async () => {
    if (missing !== undefined) return;
    const database = await create();
    try {
      seen = await workTogether(database);
    } finally {
      await database.remove();
    }
    const { one, four, eight } = seen;
    const ratio = (four.tasksPerSecond / one.tasksPerSecond).toFixed(1);
    console.log(`${name}: 4 processes ran ${ratio} times as many tasks of ${TASK_MS} ms as 1 process in the same time`);
    console.log(`${name}: 8 processes ran ${eight.tasksPerSecond.toFixed(0)} tasks a second that take no time`);
  });

  // Where the database is not to be had, which the title says, and CI=true makes a failure.
  it.skipIf(missing !== undefined)(
    `[LIFE-05][LIFE-09] run each of ${FOR_EIGHT} due tasks of ${OWNERS} owners once, in 8 processes, and claim as many records as they run${why}`,
    () => {
      const { one, four, eight, reports } = seen;
      const ran = reports.flatMap((report) => ranOf(report, eight));
      expect(ran).toHaveLength(FOR_EIGHT);
      expect(new Set(ran)).toEqual(eight.taskIds);
      const claimed = reports.reduce((sum, report) => sum + report.claimed, 0);
      expect(claimed).toBe(one.taskIds.size + four.taskIds.size + eight.taskIds.size);
      expect(reports.map((report) => report.claimed)).toEqual(reports.map((report) => report.ran.length));
      expect(reports.filter((report) => ranOf(report, eight).length === 0)).toEqual([]);
    },
  );

  it.skipIf(missing !== undefined)(
    `[LIFE-09] leave no process idle: each of 4 runs at least half of its share${why}`,
    () => {
      const { four, reports } = seen;
      const shares = reports.slice(0, 4).map((report) => ranOf(report, four).length);
      expect(shares.reduce((sum, share) => sum + share)).toBe(FOR_FOUR);
      expect(shares.filter((share) => share < FOR_FOUR / 4 / 2)).toEqual([]);
    },
  );
});

/** Two task layers on one store, as two processes have them, which note whose tasks begin where. */
async function twoLayers({ onTestFinished }: TestContext, database: Database, slots: readonly [number, number]) {
  const began: { readonly owner: string; readonly layer: number }[] = [];
  const layers = slots.map((concurrency, layer) => {
    const executor = inProcessExecutor({ concurrency });
    const store: TaskStore = storeAt(database.url);
    const tasks = createTasks({ store, executor, leaseMs: LEASE_MS, limits: { maxActiveTasks: 10_000 } });
    tasks.tool('work', { onCrash: 'rerun' }, async (_args, task) => {
      began.push({ owner: task.owner, layer });
      await new Promise((resolve) => setTimeout(resolve, TASK_MS));
      return { content: [] };
    });
    return tasks;
  });
  const look = storeAt(database.url);
  onTestFinished(async () => {
    await Promise.all(layers.map((tasks) => tasks.close({ drainMs: 0 })));
    await look.close();
  });
  await look.open?.();
  return { layers: layers as [(typeof layers)[0], (typeof layers)[0]], look, began };
}

describe.each(DATABASES)('tasks that wait for a slot, on $name', ({ missing, create }) => {
  const why = missing === undefined ? '' : `: ${missing}`;

  // Where the database is not to be had, which the title says, and CI=true makes a failure.
  it.skipIf(missing !== undefined).concurrent(
    `[LIFE-05] of one owner with 300 of them let another owner's task begin with the next slot that frees${why}`,
    async (context) => {
      const SLOTS_OF_ONE = 16;
      const database = await create();
      context.onTestFinished(() => database.remove());
      const { layers, look, began } = await twoLayers(context, database, [0, SLOTS_OF_ONE]);
      const [serving, working] = layers;
      await createDue(
        look,
        Array.from({ length: 300 }, () => ({ tool: 'work', owner: 'many', arguments: {} })),
      );
      await serving.start();
      await working.start();
      while (began.length < SLOTS_OF_ONE) await new Promise((resolve) => setTimeout(resolve, 5));
      const { taskId } = await serving.startTask({ tool: 'work', owner: 'one', arguments: {} });
      const beforeIts = began.length;
      await untilEnded(look, [taskId]);
      const between = began.findIndex(({ owner }) => owner === 'one') - beforeIts;
      expect(between).toBeLessThanOrEqual(SLOTS_OF_ONE);
    },
  );

  it.skipIf(missing !== undefined).concurrent(
    `[LIFE-09] are run by the process that serves and by a worker beside it, each at least a quarter${why}`,
    async (context) => {
      const COUNT = 160;
      const database = await create();
      context.onTestFinished(() => database.remove());
      const { layers, look, began } = await twoLayers(context, database, [SLOTS, SLOTS]);
      const [serving, worker] = layers;
      await serving.start();
      await worker.start();
      const owners = Array.from({ length: COUNT }, (_, task) => `owner ${task % OWNERS}`);
      const heads = await Promise.all(owners.map((owner) => serving.startTask({ tool: 'work', owner, arguments: {} })));
      await untilEnded(
        look,
        heads.map(({ taskId }) => taskId),
      );
      expect(began).toHaveLength(COUNT);
      for (const layer of [0, 1]) {
        expect(began.filter((run) => run.layer === layer).length).toBeGreaterThanOrEqual(COUNT / 4);
      }
    },
  );
});
