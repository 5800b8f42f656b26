import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Database, DATABASES, SQLITE } from './support/databases.ts';
import { callIdOf, finishWorkflow } from './support/finish-workflow.ts';
import { seededRandom } from './support/seeded-random.ts';
import { type FaultServer, startServer } from './support/server.ts';
import { lostOutcomes, readOutcomes, type StoredWorkflow } from './support/stored-outcomes.ts';
import { until } from './support/until.ts';

const KILLS = Number(process.env['FAULT_KILLS'] ?? 5);
/** Long enough that a kill hits the step that it is meant for. */
const LONG_STEP_MS = 600;
const SHORT_STEP_MS = 60;
const STEPS = ['validate_config', 'estimate_cost', 'approve', 'deploy', 'notify'];
const ALL_OUTCOMES = STEPS.map((step) => `step:${step}`);

const TOOL_ARGUMENTS = {
  approve: { monthlyUsd: 30 },
  deploy: { region: 'flaky', approved: true },
  notify: { url: 'https://eu.example' },
} as const;
type CalledTool = keyof typeof TOOL_ARGUMENTS;

/** A point in the life of `deploy_service` at which its server dies. */
interface Point {
  readonly title: string;
  readonly region: 'eu' | 'flaky';
  /** Calls that are made, one after the other, before the one below. */
  readonly calls: readonly CalledTool[];
  /** Waited for after each of them, and before the kill: this step has this status. */
  readonly seen: readonly [step: string, status: string];
  /** A call that is under way at the kill. */
  readonly underWay?: CalledTool;
  /** A step that was not done yet. */
  readonly undone: string;
}

const POINTS: readonly Point[] = [
  {
    title: 'in validate_config',
    region: 'eu',
    calls: [],
    seen: ['validate_config', 'running'],
    undone: 'validate_config',
  },
  { title: 'in estimate_cost', region: 'eu', calls: [], seen: ['estimate_cost', 'running'], undone: 'estimate_cost' },
  {
    title: 'while it waits for approve',
    region: 'eu',
    calls: [],
    seen: ['estimate_cost', 'completed'],
    undone: 'approve',
  },
  {
    title: 'while approve is called',
    region: 'eu',
    calls: [],
    seen: ['estimate_cost', 'completed'],
    underWay: 'approve',
    undone: 'deploy',
  },
  { title: 'in deploy', region: 'eu', calls: ['approve'], seen: ['deploy', 'running'], undone: 'deploy' },
  {
    title: 'while deploy waits to be repeated',
    region: 'flaky',
    calls: ['approve'],
    seen: ['deploy', 'failed'],
    undone: 'notify',
  },
  {
    title: 'while deploy is repeated',
    region: 'flaky',
    calls: ['approve'],
    seen: ['deploy', 'failed'],
    underWay: 'deploy',
    undone: 'notify',
  },
  {
    title: 'while it waits for notify',
    region: 'eu',
    calls: ['approve'],
    seen: ['deploy', 'completed'],
    undone: 'notify',
  },
  {
    title: 'while notify is called',
    region: 'eu',
    calls: ['approve'],
    seen: ['deploy', 'completed'],
    underWay: 'notify',
    undone: '',
  },
];

function call({ client }: FaultServer, taskId: string, tool: CalledTool) {
  return client.continue({ taskId, step: tool, callId: callIdOf(tool) }, tool, TOOL_ARGUMENTS[tool]);
}

async function untilStep({ client }: FaultServer, taskId: string, [step, wanted]: Point['seen']): Promise<void> {
  await until(`${step} is ${wanted}`, async () => {
    const { steps } = await client.look(taskId);
    return steps.some(({ name, status }) => name === step && status === wanted);
  });
}

/** What must be true of a finished workflow, whatever happened to its servers. */
async function expectFinished(database: Database, taskId: string, earlier: readonly StoredWorkflow[]): Promise<void> {
  const end = await readOutcomes(database, taskId);
  expect(end.status).toBe('completed');
  expect([...end.outcomes.keys()].sort()).toEqual([...ALL_OUTCOMES].sort());
  for (const before of earlier) expect(lostOutcomes(before, end)).toEqual([]);
}

/** On a network database a server dies the same death: that takes its share of the random kills below. */
describe('a workflow whose server is killed, on SQLite', () => {
  const { missing } = SQLITE;
  const why = missing === undefined ? '' : `: ${missing}`;
  // Where there is no driver, which the title says, and CI=true makes a failure.
  const test = it.skipIf(missing !== undefined).concurrent.for(POINTS);
  test(`[DURA-01][CONT-02] W-D1 W-D4: goes on where it was when it dies $title${why}`, async (point, context) => {
    const { onTestFinished } = context;
    const { region, calls, seen, underWay, undone } = point;
    const database = await SQLITE.create();
    onTestFinished(() => database.remove());
    const environment = { STORE_URL: database.url, STEP_MS: `${LONG_STEP_MS}` };
    const first = await startServer(environment);
    const taskId = await first.client.start('deploy_service', { region });
    for (const tool of calls) {
      await untilStep(first, taskId, ['estimate_cost', 'completed']);
      expect(await call(first, taskId, tool)).toMatchObject({ matchedStep: tool });
    }
    await untilStep(first, taskId, seen);
    const answer = underWay && call(first, taskId, underWay).catch(() => undefined);
    await first.kill();
    await answer;
    const before = await readOutcomes(database, taskId);
    expect([...before.outcomes.keys()]).not.toContain(`step:${undone}`);

    const second = await startServer(environment);
    onTestFinished(() => second.kill());
    // The client does not know whether its call arrived, and makes it again.
    if (underWay !== undefined) expect(await call(second, taskId, underWay)).toMatchObject({ matchedStep: underWay });
    await finishWorkflow(second.client, taskId);
    // An attempt that failed is replaced by the one that did not.
    const kept = new Map([...before.outcomes].filter(([entry]) => entry !== 'step:deploy' || region !== 'flaky'));
    await expectFinished(database, taskId, [{ ...before, outcomes: kept }]);
  });
});

describe.each(DATABASES)(
  'a workflow whose server is killed at random points, on $name',
  ({ name, missing, create }) => {
    const kills = name === 'SQLite' ? KILLS : Math.ceil(KILLS / 5);
    // Where the database is not to be had, which the title says, and CI=true makes a failure.
    it.skipIf(missing !== undefined)(
      `[DURA-01][DURA-02] W-D1: loses no outcome of a step in ${kills} kills${missing === undefined ? '' : `: ${missing}`}`,
      async () => {
        const seed = Number(process.env['FAULT_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
        console.log(`FAULT_SEED=${seed}`);
        const random = seededRandom(seed);
        const database = await create();
        onTestFinished(() => database.remove());
        const environment = { STORE_URL: database.url, STEP_MS: `${SHORT_STEP_MS}` };
        const seen = new Map<string, StoredWorkflow[]>();
        let server = await startServer(environment);
        let taskId = '';
        for (let kill = 0; kill < kills;) {
          if (taskId === '') {
            taskId = await server.client.start('deploy_service', { region: 'eu' });
            seen.set(taskId, []);
          }
          const finishing = finishWorkflow(server.client, taskId).catch(() => undefined);
          await sleep(random() * STEPS.length * SHORT_STEP_MS);
          await server.kill();
          await finishing;
          const stored = await readOutcomes(database, taskId);
          seen.get(taskId)?.push(stored);
          if (stored.status === 'completed') taskId = '';
          else kill += 1;
          server = await startServer(environment);
        }
        for (const [id, earlier] of seen) {
          await finishWorkflow(server.client, id);
          await expectFinished(database, id, earlier);
        }
        expect(await server.stop()).toBe(0);
      },
    );
  },
);
