import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { connectClient2025 } from './client-2025-stdio.ts';
import { connectClient2026 } from './client-2026-http.ts';
import type { DemoClient } from './demo-client.ts';
import { expectedDigest } from './expected-digest.ts';
import type { Digest } from './files.ts';
import { type LogEntry, readOpenLog } from './open-log.ts';
import { type Output, progressView } from './progress-view.ts';
import { serverCommand, startHttpServer } from './server-process.ts';

/** Long enough that a cancel sent half way arrives before the end, on a slow machine too. */
const CANCELLED_RUN_SECONDS = 6;
const RUN_END_TIMEOUT_MS = 10_000;

/** Arguments of the demo. */
export interface DemoOptions {
  readonly directory: string;
  readonly checkpointEvery: number;
  readonly minimumSeconds: number;
  readonly output: Output;
}

/** The setting that the two acts share. */
export interface Act extends DemoOptions {
  readonly client: DemoClient;
  readonly expected: Digest;
  readonly logFile: string;
}

/** Run the demo: both acts with a client of each generation. Returns what was not as expected. */
export async function runDemo(options: DemoOptions): Promise<readonly string[]> {
  const { directory, output } = options;
  const scratch = await mkdtemp(path.join(tmpdir(), 'mcp-tasks-demo-'));
  const logFile = path.join(scratch, 'opened.jsonl');
  const faults: string[] = [];
  try {
    const expected = await expectedDigest(directory);
    output.write(`${directory}\ncounted here: ${describe(expected)}\n`);

    const server = await startHttpServer(directory, logFile);
    try {
      const client = await connectClient2026(server.url);
      faults.push(...(await playBothActs({ ...options, client, expected, logFile })));
    } finally {
      await server.close();
    }

    const { command, args } = serverCommand('stdio', directory, logFile);
    const client = await connectClient2025(command, args);
    faults.push(...(await playBothActs({ ...options, client, expected, logFile })));
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  return faults;
}

/** Both acts with one client, which is closed at the end. Returns what was not as expected. */
export async function playBothActs(act: Act): Promise<readonly string[]> {
  const { client, output } = act;
  output.write(`\n${client.name}\n`);
  try {
    const found = [...(await hashToTheEnd(act)), ...(await cancelHalfWay(act))];
    return found.map((fault) => `${client.name}: ${fault}`);
  } finally {
    await client.close();
  }
}

/** First act: the task runs to its result, which must be what the client computed by itself. */
async function hashToTheEnd({ client, output, expected, checkpointEvery, minimumSeconds }: Act): Promise<string[]> {
  const view = progressView(output, 'hash');
  let updates = 0;
  const outcome = await client
    .hashFiles({ checkpointEvery, minimumSeconds }, async ({ progress }) => {
      updates += 1;
      if (progress) view.update(progress.done, progress.total);
    })
    .finally(() => {
      view.stop();
    });
  if (outcome.status === 'failed') return [`the task failed: ${outcome.message}`];
  if (outcome.status === 'cancelled') return ['the task was cancelled, and nobody asked for it'];
  output.write(`  result: ${describe(outcome.result)}\n`);
  if (!isDeepStrictEqual(outcome.result, expected)) return ['the result differs from what was counted here'];
  output.write('  the same as counted here\n');
  return updates > 0 ? [] : ['the call was answered without a task'];
}

/** Second act: the task is cancelled half way, and its run opens no file after its signal aborted. */
async function cancelHalfWay({ client, output, expected, checkpointEvery, logFile }: Act): Promise<string[]> {
  if (expected.files < 2) {
    output.write('  cancel: left out, half way needs two files\n');
    return [];
  }
  const every = Math.min(checkpointEvery, Math.ceil(expected.files / 10));
  const view = progressView(output, 'cancel');
  let taskId = '';
  let asked = false;
  const outcome = await client
    .hashFiles({ checkpointEvery: every, minimumSeconds: CANCELLED_RUN_SECONDS }, async (task) => {
      taskId = task.taskId;
      if (task.progress === undefined || asked) return;
      view.update(task.progress.done, task.progress.total);
      if (task.progress.done * 2 < task.progress.total) return;
      asked = true;
      await task.cancel();
    })
    .finally(() => {
      view.stop();
    });
  if (outcome.status !== 'cancelled') return [`the task should be cancelled, but is ${outcome.status}`];

  const log = await logOfEndedRun(logFile, taskId);
  const { opened, openedAfterAbort, faults } = readRun(log, expected.files);
  if (faults.length === 0) {
    output.write(`  cancelled; ${String(opened)} files opened, ${String(openedAfterAbort)} of them after the signal\n`);
  }
  return faults;
}

/** Summary of the log of a cancelled run, and the faults in it. */
function readRun(log: readonly LogEntry[], allFiles: number) {
  const abortAt = log.findIndex((entry) => entry.event === 'abort');
  const isOpen = (entry: LogEntry) => entry.event === 'open';
  const opened = log.filter(isOpen).length;
  const openedAfterAbort = abortAt < 0 ? 0 : log.slice(abortAt).filter(isOpen).length;
  const faults: string[] = [];
  if (abortAt < 0) faults.push("the run's signal never aborted");
  if (!log.some((entry) => entry.event === 'end')) faults.push('the run went on after the cancel');
  if (openedAfterAbort > 0) faults.push(`${String(openedAfterAbort)} files were opened after the signal aborted`);
  if (opened >= allFiles) faults.push('every file had been opened before the cancel');
  return { opened, openedAfterAbort, faults };
}

/** The log of a run, once it says that the run ended or too much time has passed. */
async function logOfEndedRun(logFile: string, taskId: string): Promise<readonly LogEntry[]> {
  const giveUpAtMs = Date.now() + RUN_END_TIMEOUT_MS;
  for (;;) {
    const log = await readOpenLog(logFile, taskId);
    if (log.some((entry) => entry.event === 'end') || Date.now() > giveUpAtMs) return log;
    await sleep(20);
  }
}

function describe({ files, bytes, sha256 }: Digest): string {
  return `${String(files)} files, ${bytes.toLocaleString('en')} bytes, sha256 ${sha256}`;
}
