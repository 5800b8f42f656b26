import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createTasks, type TaskContext } from '@mcp-tasks/runner';
import { TaskError, type TaskRecord, type TaskStore } from '@mcp-tasks/store';
import { describe, expect, it } from 'vitest';
import { DATABASES, SERVERS } from './support/databases.ts';
import { createDue, untilEnded } from './support/due-tasks.ts';
import { startProxy } from './support/proxy.ts';
import { storeAt } from './support/stores.ts';
import { until } from './support/until.ts';
import { startWorkerProcess } from './support/workers.ts';

/** A twentieth of it is more than clocks of two processes differ by. */
const LEASE_MS = 4_000;
const done = { content: [] };

const reasonOf = ({ signal }: TaskContext) =>
  TaskError.is(signal.reason) ? JSON.stringify(signal.reason.details['reason']) : 'no reason';

async function recordOf(store: TaskStore, taskId: string): Promise<TaskRecord | undefined> {
  const [record] = await store.get({ taskIds: [taskId], kinds: ['checkpoint', 'result'], nowMs: Date.now() });
  return record;
}

describe.concurrent.each(SERVERS)('a process that is cut off from $name', ({ missing, create }) => {
  // Where the database is not to be had, which the title says, and CI=true makes a failure.
  it.skipIf(missing !== undefined).concurrent.for(['refuse', 'stall'] as const)(
    `[LIFE-02] ends its run with its lease, before another process begins the next one: connections %s${missing === undefined ? '' : `: ${missing}`}`,
    async (how, { onTestFinished }) => {
      const database = await create();
      onTestFinished(() => database.remove());
      const proxy = await startProxy(database.url);
      const stores = [storeAt(proxy.through(database.url)), storeAt(database.url)] as const;
      const layers = stores.map((store) =>
        createTasks({ store, leaseMs: LEASE_MS, onBackgroundError: () => undefined }),
      );
      const [lonely, other] = layers as [(typeof layers)[0], (typeof layers)[0]];
      const look = storeAt(database.url);
      onTestFinished(async () => {
        proxy.mend();
        await Promise.all(layers.map((tasks) => tasks.close({ drainMs: 0 })));
        await Promise.all([...stores, look].map((store) => store.close()));
        proxy.close();
      });
      const log: string[] = [];
      for (const tasks of layers) {
        tasks.tool('steps', { onCrash: 'rerun' }, async (_args, task) => {
          const say = (what: string) => log.push(`run ${task.attempt} ${what}`);
          say('began');
          await task.step('one', () => say('one'));
          if (task.attempt === 1) {
            await new Promise((resolve) => {
              task.signal.addEventListener('abort', resolve);
            });
            say(reasonOf(task));
          }
          await task
            .step('two', () => say('two'))
            .catch((error: unknown) => {
              say(`may not: ${TaskError.is(error) ? error.code : String(error)}`);
              throw error;
            });
          return done;
        });
      }
      await lonely.start();
      const { taskId } = await lonely.startTask({ tool: 'steps', owner: 'owner', arguments: {} });
      await until('the first step is stored', async () => {
        const record = await recordOf(look, taskId);
        return record?.entries.some(({ name }) => name === 'one') === true;
      });
      proxy[how]();
      await other.start();
      await untilEnded(look, [taskId]);
      expect(log).toEqual([
        'run 1 began',
        'run 1 one',
        'run 1 "lease-lost"',
        'run 1 may not: RUN_ENDED',
        'run 2 began',
        'run 2 two',
      ]);
      const end = await recordOf(look, taskId);
      expect(end?.head).toMatchObject({ status: 'completed', attempt: 2, crashCount: expect.any(Number) as number });
      // Whatever is on its way from the old process arrives now.
      proxy.mend();
      await until('the process reaches its store again', async () => {
        const seen = await lonely
          .for('owner')
          .get(taskId)
          .catch(() => undefined);
        return seen?.head.status === 'completed';
      });
      expect(await recordOf(look, taskId)).toEqual(end);
      expect(log).toHaveLength(6);
    },
  );
});

describe.concurrent.each(DATABASES)(
  'a process that was stopped for longer than its lease, on $name',
  ({ missing, create }) => {
    // Where the database is not to be had, which the title says, and CI=true makes a failure.
    it.skipIf(missing !== undefined).concurrent(
      `[LIFE-02] begins no further step when it goes on, and doubles no recorded outcome${missing === undefined ? '' : `: ${missing}`}`,
      async ({ onTestFinished }) => {
        const TASKS = 8;
        const STEPS = 40;
        const database = await create();
        onTestFinished(() => database.remove());
        const folder = await mkdtemp(path.join(tmpdir(), 'mcp-tasks-faults-log-'));
        onTestFinished(() => rm(folder, { recursive: true, force: true }));
        const log = path.join(folder, 'log');
        const look = storeAt(database.url);
        onTestFinished(() => look.close());
        await look.open?.();
        const options = { url: database.url, log, leaseMs: 2_000 };
        const [stopped, other] = await Promise.all([startWorkerProcess(options), startWorkerProcess(options)]);
        onTestFinished(async () => {
          await stopped.kill();
          await other.kill();
        });
        // Steps so short that the stop meets the tasks in steps, in writes and between.
        const due = Array.from({ length: TASKS }, (_, task) => {
          return { tool: 'steps', owner: `owner ${task}`, arguments: { steps: STEPS, ms: 20 } };
        });
        const taskIds = await createDue(look, due);
        const linesOf = async (what: string, pid = stopped.pid) => {
          const lines = (await readFile(log, 'utf8').catch(() => '')).split('\n');
          return lines.filter((line) => line.startsWith(`${pid} ${what} `));
        };
        await stopped.go();
        await until('every task has begun steps', async () => (await linesOf('step')).length >= TASKS * 5);
        stopped.signal('SIGSTOP');
        const begun = await linesOf('step');
        await other.go();
        const heads = await untilEnded(look, taskIds);
        expect(heads.every(({ status, attempt }) => status === 'completed' && attempt === 2)).toBe(true);
        const records = () =>
          look
            .get({ taskIds, kinds: ['checkpoint', 'result'], nowMs: Date.now() })
            .then((found) =>
              found.map(({ head, entries }) => ({ head, entries: entries.toSorted(byName) })).toSorted(byTask),
            );
        const before = await records();

        stopped.signal('SIGCONT');
        await until('the stopped process knows that its runs are over', async () => {
          return (await linesOf('ended')).filter((line) => line.endsWith(' lease-lost')).length === TASKS;
        });
        expect(await linesOf('step')).toEqual(begun);
        expect(await records()).toEqual(before);
        // Of each step one outcome is kept: that of the process that was stopped, where it came in time.
        expect(before.map(({ entries }) => entries.filter(({ kind }) => kind === 'checkpoint').length)).toEqual(
          taskIds.map(() => STEPS),
        );
        const kept = before.flatMap(({ entries }) => entries.map(({ value }) => value));
        expect(kept).toContain(JSON.stringify({ value: stopped.pid }));
        expect(kept).toContain(JSON.stringify({ value: other.pid }));
      },
    );
  },
);

const byName = (a: { readonly name: string }, b: { readonly name: string }) => a.name.localeCompare(b.name);
const byTask = (a: Pick<TaskRecord, 'head'>, b: Pick<TaskRecord, 'head'>) => a.head.taskId.localeCompare(b.head.taskId);
