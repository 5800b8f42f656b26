import { describe, expect, it, onTestFinished } from 'vitest';
import { type Database, DATABASES } from './support/databases.ts';
import { type FaultServer, startServer } from './support/server.ts';
import { readOutcomes } from './support/stored-outcomes.ts';
import { until } from './support/until.ts';

const CALLS = 20;
const numbers = Array.from({ length: CALLS }, (_, index) => index + 1);

async function twoServers(database: Database): Promise<readonly [FaultServer, FaultServer]> {
  const environment = { STORE_URL: database.url };
  const servers = await Promise.all([startServer(environment), startServer(environment)]);
  onTestFinished(async () => {
    for (const server of servers) expect(await server.stop()).toBe(0);
  });
  return servers;
}

describe.each(DATABASES)('two servers that continue one workflow, on $name', ({ missing, create }) => {
  const why = missing === undefined ? '' : `: ${missing}`;

  // Where the database is not to be had, which the title says, and CI=true makes a failure.
  it.skipIf(missing !== undefined)(
    `[CONT-02] W-C1 W-C2 W-W4: records each of ${CALLS} parallel calls once, as the step whose arguments it has, though both servers get it${why}`,
    async () => {
      const database = await create();
      onTestFinished(() => database.remove());
      const servers = await twoServers(database);
      const taskId = await servers[0].client.start('approve_many', {});
      const answers = await Promise.all(
        numbers.flatMap((monthlyUsd) =>
          servers.map(({ client }) => client.continue({ taskId, callId: `${monthlyUsd}` }, 'approve', { monthlyUsd })),
        ),
      );
      const matched = answers.map(({ matchedStep }) => matchedStep);
      expect(matched).toEqual(numbers.flatMap((number) => [`approve_${number}`, `approve_${number}`]));
      const { status, outcomes } = await readOutcomes(database, taskId);
      expect(status).toBe('completed');
      expect([...outcomes.keys()].sort()).toEqual(numbers.map((number) => `step:approve_${number}`).sort());
    },
  );

  // Where the database is not to be had, which the title says, and CI=true makes a failure.
  it.skipIf(missing !== undefined)(
    `[CONT-02] W-C1 W-C2: keeps all of ${CALLS} parallel calls of one tool, one as its step and the others beside the plan${why}`,
    async () => {
      const database = await create();
      onTestFinished(() => database.remove());
      const servers = await twoServers(database);
      const taskId = await servers[0].client.start('deploy_service', { region: 'eu' });
      const look = () => servers[1].client.look(taskId);
      await until('approve is left to the client', async () => (await look()).pause?.type === 'clientStep');
      const answers = await Promise.all(
        numbers.map((number) =>
          servers[number % 2 === 0 ? 0 : 1].client.continue({ taskId }, 'approve', { monthlyUsd: 30 }),
        ),
      );
      expect(answers.filter(({ matchedStep }) => matchedStep === 'approve')).toHaveLength(1);
      expect(answers.filter(({ matchedStep }) => matchedStep === undefined)).toHaveLength(CALLS - 1);
      await until('the server has deployed', async () =>
        (await look()).steps.some(({ name, status }) => name === 'deploy' && status === 'completed'),
      );
      const { outcomes } = await readOutcomes(database, taskId);
      const names = [...outcomes.keys()];
      expect(names.filter((name) => name.startsWith('extra:'))).toHaveLength(CALLS - 1);
      expect(names.filter((name) => name.startsWith('step:')).sort()).toEqual(
        ['approve', 'deploy', 'estimate_cost', 'validate_config'].map((step) => `step:${step}`),
      );
    },
  );
});
