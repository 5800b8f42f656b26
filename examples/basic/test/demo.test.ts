import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { playBothActs } from '../src/demo.ts';
import type { DemoClient, Outcome, WatchedTask } from '../src/demo-client.ts';
import type { Digest } from '../src/files.ts';
import { openLog } from '../src/open-log.ts';

const EXPECTED: Digest = { files: 4, bytes: 100, sha256: 'ab'.repeat(32) };
const COMPLETED: Outcome = { status: 'completed', result: EXPECTED };
const CANCELLED: Outcome = { status: 'cancelled' };

let scratch: string;
let logs = 0;

beforeAll(async () => {
  scratch = await mkdtemp(path.join(tmpdir(), 'mcp-tasks-demo-test-'));
});

afterAll(async () => {
  await rm(scratch, { recursive: true, force: true });
});

interface Script {
  readonly first: Outcome;
  readonly second?: Outcome;
  /** What the second run logs. */
  readonly log?: readonly ('open' | 'abort' | 'end')[];
  /** The first call is answered at once, without a task. */
  readonly immediate?: boolean;
}

/** Play both acts against a server that behaves as scripted; answers the faults, the output, and how often it was cancelled. */
async function play({ first, second = CANCELLED, log = [], immediate = false }: Script, expected = EXPECTED) {
  logs += 1;
  const logFile = path.join(scratch, `${String(logs)}.jsonl`);
  const write = openLog(logFile);
  const seen = { output: '', cancels: 0, calls: 0, closes: 0 };
  const client: DemoClient = {
    name: 'scripted',
    async hashFiles(_args, onUpdate) {
      seen.calls += 1;
      if (immediate && seen.calls === 1) return first;
      const taskId = `task-${String(seen.calls)}`;
      const cancel = async () => {
        seen.cancels += 1;
      };
      for (const done of [0, 1, 2, 3]) {
        const task: WatchedTask = { taskId, progress: { done, total: 4 }, cancel };
        await onUpdate(task);
      }
      if (seen.calls === 1) return first;
      for (const event of log) write({ taskId, event, file: 'x' });
      return second;
    },
    async close() {
      seen.closes += 1;
    },
  };
  const output = {
    write: (text: string) => {
      seen.output += text;
    },
  };
  const options = { directory: '/somewhere', checkpointEvery: 1, minimumSeconds: 0, output };
  const faults = await playBothActs({ ...options, client, expected, logFile });
  return { faults, ...seen };
}

describe('playBothActs', () => {
  it('finds no fault when the digest is the same and the cancelled run opened nothing after its signal', async () => {
    const seen = await play({ first: COMPLETED, log: ['open', 'open', 'abort', 'end'] });
    expect(seen).toMatchObject({ faults: [], cancels: 1, calls: 2, closes: 1 });
    expect(seen.output).toContain('cancelled; 2 files opened, 0 of them after the signal');
  });

  it('says so when the result is not what the client computed', async () => {
    for (const wrong of [{ files: 3 }, { bytes: 99 }, { sha256: 'cd'.repeat(32) }]) {
      const first: Outcome = { status: 'completed', result: { ...EXPECTED, ...wrong } };
      const { faults } = await play({ first, log: ['open', 'abort', 'end'] });
      expect(faults).toEqual(['scripted: the result differs from what was counted here']);
    }
  });

  it('says so when the call does not become a task', async () => {
    const { faults } = await play({ first: COMPLETED, immediate: true, log: ['open', 'abort', 'end'] });
    expect(faults).toEqual(['scripted: the call was answered without a task']);
  });

  it('says so when the first task fails or is cancelled', async () => {
    const log = ['open', 'abort', 'end'] as const;
    const failed = await play({ first: { status: 'failed', message: 'disk on fire' }, log });
    expect(failed.faults).toEqual(['scripted: the task failed: disk on fire']);
    const cancelled = await play({ first: CANCELLED, log });
    expect(cancelled.faults).toEqual(['scripted: the task was cancelled, and nobody asked for it']);
  });

  it('says so when the second task ends in any other way than cancelled', async () => {
    const { faults } = await play({ first: COMPLETED, second: COMPLETED });
    expect(faults).toEqual(['scripted: the task should be cancelled, but is completed']);
  });

  it('says so when the cancelled run opened files after its signal, saw no signal, or opened everything', async () => {
    const after = await play({ first: COMPLETED, log: ['open', 'abort', 'open', 'end'] });
    expect(after.faults).toEqual(['scripted: 1 files were opened after the signal aborted']);
    const unseen = await play({ first: COMPLETED, log: ['open', 'end'] });
    expect(unseen.faults).toEqual(["scripted: the run's signal never aborted"]);
    const all = await play({ first: COMPLETED, log: ['open', 'open', 'open', 'open', 'abort', 'end'] });
    expect(all.faults).toEqual(['scripted: every file had been opened before the cancel']);
  });

  it('leaves the second act out where half way does not exist', async () => {
    for (const files of [0, 1]) {
      const expected = { ...EXPECTED, files };
      const seen = await play({ first: { status: 'completed', result: expected } }, expected);
      expect(seen).toMatchObject({ faults: [], calls: 1, cancels: 0, closes: 1 });
    }
  });
});
