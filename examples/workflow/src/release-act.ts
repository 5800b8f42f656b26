import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { WorkflowMeta } from '@mcp-tasks/wire';
import type { ExpectedRelease } from './expected-release.ts';
import type { ReleaseClient } from './release-client.ts';
import { sha256Of } from './release-tools.ts';
import { readBegunSteps } from './step-log.ts';
import { type Output, stepView, writeQuoted } from './step-view.ts';

const POLL_MS = 50;
const GIVE_UP_MS = 60_000;
const APPROVED_BY = 'the demo';
const SERVER_STEPS = ['validate_manifests', 'compute_versions', 'write_changelog', 'stage_release'];

/** A workflow that has begun, and what is known of it. */
export interface Act {
  readonly client: ReleaseClient;
  readonly taskId: string;
  /** Where drafts and the log are. */
  readonly folder: string;
  readonly expected: ExpectedRelease;
  /** A step that was interrupted by a kill, and has to have run twice. */
  readonly interrupted?: string;
  readonly output: Output;
}

/** See a workflow through, doing what it leaves to the client. @returns what was not as expected; empty when all was. */
export async function playRelease(act: Act): Promise<readonly string[]> {
  const { client, taskId, output } = act;
  const faults: string[] = [];
  const expect = (what: string, actual: unknown, wanted: unknown): void => {
    if (!isDeepStrictEqual(actual, wanted))
      faults.push(`${what} is ${JSON.stringify(actual)}, not ${JSON.stringify(wanted)}`);
  };
  const view = stepView(output);

  const waiting = await watch(act, (meta) => {
    view.show(meta);
    return meta.pause !== undefined;
  });
  expect('the pause', waiting.pause, {
    type: 'clientStep',
    blockedStep: 'approve_notes',
    suggestedTool: 'approve_notes',
  });
  const handOff = await client.resume(taskId);
  output.write('  the server hands over:\n');
  writeQuoted(output, handOff.text);
  expect('the task of the prompt', handOff.meta.taskId, taskId);
  expect('what remains', handOff.meta.remaining, waiting.remaining);
  const [approval] = handOff.meta.remaining;
  if (approval?.tool === undefined) return [...faults, 'nothing is left to the client'];
  if (!handOff.text.includes(approval.tool)) faults.push(`the text does not name ${approval.tool}`);
  faults.push(...(await notesFaults(act, approval.arguments)));

  output.write(`  the client approves the notes, by ${client.continuesBy}\n`);
  const recorded = await client.doStep(taskId, approval.step, { ...approval.arguments, approvedBy: APPROVED_BY });
  expect('the recorded step', recorded.matchedStep, 'approve_notes');
  await watch(act, (meta) => {
    view.show(meta);
    return meta.status !== 'working';
  });
  const { workflow, outputs } = await client.result(taskId);
  expect('the workflow', workflow, 'prepare_release');
  const { file, packages } = outputs.stage_release;
  expect('the staged release', JSON.parse(await readFile(file, 'utf8')), {
    versions: act.expected.versions,
    notes: approval.arguments['sha256'],
    approvedBy: APPROVED_BY,
  });
  expect('the number of packages', packages, Object.keys(act.expected.versions).length);
  output.write(`  staged ${packages} of ${act.expected.packages} packages, approved by ${APPROVED_BY}\n`);
  expect('what ran, and how often', runsOf(act), expectedRuns(act));
  return faults;
}

/** The notes that are to be approved must be those that are there, and name every new version. */
async function notesFaults({ expected }: Act, args: Readonly<Record<string, unknown>>): Promise<string[]> {
  const notes = await readFile(String(args['file']), 'utf8');
  const faults = sha256Of(notes) === args['sha256'] ? [] : ['the notes are not those that are to be approved'];
  for (const [name, version] of Object.entries(expected.versions)) {
    if (!notes.includes(`\n## ${name} ${version}\n`)) faults.push(`the notes do not tell of ${name} ${version}`);
  }
  return faults;
}

function runsOf({ folder, taskId }: Act): Readonly<Record<string, number>> {
  const runs: Record<string, number> = {};
  for (const begun of readBegunSteps(folder)) {
    if (begun.taskId === taskId) runs[begun.step] = (runs[begun.step] ?? 0) + 1;
  }
  return runs;
}

function expectedRuns({ interrupted }: Act): Readonly<Record<string, number>> {
  return Object.fromEntries(SERVER_STEPS.map((step) => [step, step === interrupted ? 2 : 1]));
}

/** Ask for the task until a condition holds. */
async function watch({ client, taskId }: Act, holds: (meta: WorkflowMeta) => boolean): Promise<WorkflowMeta> {
  const giveUpAtMs = Date.now() + GIVE_UP_MS;
  for (;;) {
    const meta = await client.look(taskId);
    if (holds(meta)) return meta;
    if (Date.now() > giveUpAtMs) throw new TypeError(`task ${taskId} does not go on`);
    await sleep(POLL_MS);
  }
}
