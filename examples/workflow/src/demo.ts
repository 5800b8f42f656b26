import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { TaskError } from '@mcp-tasks/store';
import { sqliteStore } from '@mcp-tasks/store-sqlite';
import { connectClient2025 } from './client-2025-stdio.ts';
import { connectClient2026 } from './client-2026-http.ts';
import { type ExpectedRelease, expectedRelease } from './expected-release.ts';
import { playRelease } from './release-act.ts';
import type { ReleaseClient } from './release-client.ts';
import { serverCommand, type ServerSettings, startHttpServer } from './server-process.ts';
import { type BegunStep, readBegunSteps } from './step-log.ts';
import type { Output } from './step-view.ts';

/** Long enough that a kill hits the step that it is meant for, on a slow machine too. */
const KILLED_STEP_MS = 1_500;
const KILLED_STEP = 'write_changelog';
const POLL_MS = 20;
const GIVE_UP_MS = 60_000;

/** Arguments of the demo. */
export interface DemoOptions {
  readonly repository: string;
  /** Day of the release, `YYYY-MM-DD`. */
  readonly date: string;
  readonly stepMs: number;
  readonly output: Output;
}

/** The setting that the acts share. */
interface Stage extends DemoOptions {
  readonly expected: ExpectedRelease;
  readonly server: ServerSettings;
}

/** Run the demo: a release by a client of each generation, and one whose server is killed. @returns what was not as expected. */
export async function runDemo(options: DemoOptions): Promise<readonly string[]> {
  const { repository, output, stepMs } = options;
  const folder = await mkdtemp(path.join(tmpdir(), 'mcp-tasks-release-'));
  try {
    const expected = await expectedRelease(repository);
    output.write(
      `${repository}\n${expected.packages} packages, ${Object.keys(expected.versions).length} with a new version\n`,
    );
    const missing = await whySqliteIsMissing(path.join(folder, 'probe.db'));
    const database = missing === undefined ? path.join(folder, 'tasks.db') : 'memory';
    const stage = { ...options, expected, server: { repository, folder, stepMs, database } };

    const faults = [...(await overHttp(stage)), ...(await overStdio(stage))];
    if (missing === undefined) faults.push(...(await killedInMidStep(stage)));
    else output.write(`\nNo server is killed, for there is no database that would outlive it: ${missing}\n`);
    return faults;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function overHttp(stage: Stage): Promise<readonly string[]> {
  const server = await startHttpServer(stage.server);
  try {
    return await perform(stage, await connectClient2026(server.url));
  } finally {
    await server.close();
  }
}

async function overStdio(stage: Stage): Promise<readonly string[]> {
  const { command, args } = serverCommand('stdio', stage.server);
  return perform(stage, await connectClient2025(command, args));
}

/** One release from beginning to end with one client, which is closed then. */
async function perform({ output, date, expected, server }: Stage, client: ReleaseClient): Promise<readonly string[]> {
  try {
    output.write(`\n${client.name}, begun by ${client.beginsBy}\n`);
    const taskId = await client.begin(date, client.name);
    const faults = await playRelease({ client, taskId, folder: server.folder, expected, output });
    return faults.map((fault) => `${client.name}: ${fault}`);
  } finally {
    await client.close();
  }
}

/** The server dies in the middle of a step, and another one goes on with what is stored. */
async function killedInMidStep({ output, date, expected, server, stepMs }: Stage): Promise<readonly string[]> {
  const { folder } = server;
  const settings = { ...server, stepMs: Math.max(stepMs, KILLED_STEP_MS) };
  const key = 'killed in mid-step';
  const first = await startHttpServer(settings);
  const cutOff = await connectClient2026(first.url);
  output.write(`\n${cutOff.name}, whose server is killed\n`);
  const before = readBegunSteps(folder).length;
  const answer = cutOff.begin(date, key).then(
    () => 'answered',
    () => 'unanswered',
  );
  const killed = await untilBegun(folder, before, KILLED_STEP);
  await first.kill();
  const faults = (await answer) === 'unanswered' ? [] : ['the prompt was answered before the server was killed'];
  output.write(`  the server is killed in the middle of ${KILLED_STEP}, and another one started\n`);
  await cutOff.close();

  const second = await startHttpServer(settings);
  const client = await connectClient2026(second.url);
  try {
    // The same call again: its idempotency key leads to the task that has begun.
    const taskId = await client.begin(date, key);
    if (taskId !== killed.taskId) faults.push('the call that was made again began another workflow');
    const act = { client, taskId, folder, expected, output, interrupted: KILLED_STEP };
    return [...faults, ...(await playRelease(act))].map((fault) => `killed: ${fault}`);
  } finally {
    await client.close();
    await second.close();
  }
}

/** Wait until a step has begun, looking only at what was begun after the first `from`. */
async function untilBegun(folder: string, from: number, step: string): Promise<BegunStep> {
  const giveUpAtMs = Date.now() + GIVE_UP_MS;
  for (;;) {
    const found = readBegunSteps(folder)
      .slice(from)
      .find((begun) => begun.step === step);
    if (found !== undefined) return found;
    if (Date.now() > giveUpAtMs) throw new TypeError(`${step} does not begin`);
    await sleep(POLL_MS);
  }
}

/** Why there can be no SQLite database here; undefined when there can. */
async function whySqliteIsMissing(file: string): Promise<string | undefined> {
  const store = sqliteStore({ path: file });
  try {
    await store.open();
    return undefined;
  } catch (error) {
    if (TaskError.is(error, 'STORE_UNAVAILABLE')) return error.message;
    throw error;
  } finally {
    await store.close();
  }
}
