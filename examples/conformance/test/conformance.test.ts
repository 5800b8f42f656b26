import { type HttpServerProcess, startEverythingServer } from '@mcp-tasks/example-everything-server/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Check, openSuite } from './suite.ts';

const EXPECTED_CHECKS = 44;
/** The suite skips it by itself; the server's tests cover notifications. */
const SKIPPED_BY_THE_SUITE = ['tasks-status-notifications'];
const TIMEOUT_MS = 300_000;

let server: HttpServerProcess;

beforeAll(async () => {
  server = await startEverythingServer();
});

afterAll(async () => {
  expect(await server.stop()).toMatchObject({ exitCode: 0, stderr: '' });
});

const count = (checks: readonly Check[], ...statuses: Check['status'][]) =>
  checks.filter(({ status }) => statuses.includes(status)).length;

it(
  `[TEST-08] passes all ${EXPECTED_CHECKS} checks of the official tasks scenarios`,
  async () => {
    const suite = await openSuite();
    const scenarios = (await suite.scenarios()).filter((name) => name.startsWith('tasks-'));
    const checks = new Map<string, Check[]>();
    for (const scenario of scenarios) {
      const outcome = await suite.check(scenario, server.url);
      checks.set(scenario, outcome);
      console.log(`${scenario}: ${count(outcome, 'SUCCESS')}/${count(outcome, 'SUCCESS', 'FAILURE')}`);
    }
    const all = [...checks.values()].flat();
    console.log(`sum: ${count(all, 'SUCCESS')} of ${EXPECTED_CHECKS} checks passed`);

    expect(all.filter(({ status }) => status === 'FAILURE' || status === 'WARNING')).toEqual([]);
    expect(count(all, 'SUCCESS')).toBe(EXPECTED_CHECKS);
    const empty = scenarios.filter((scenario) => count(checks.get(scenario) ?? [], 'SUCCESS') === 0);
    expect(empty).toEqual(SKIPPED_BY_THE_SUITE);
  },
  TIMEOUT_MS,
);
