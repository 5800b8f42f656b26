import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

/** The lines that a process of ours wrote; rejects when it ends with another code than 0. */
async function linesOf(fixture: string): Promise<string[]> {
  const file = fileURLToPath(new URL(`../fixtures/${fixture}`, import.meta.url));
  const run = promisify(execFile);
  const { stdout } = await run(process.execPath, ['--conditions=@mcp-tasks/source', '--import=tsx', file]);
  return stdout.trim().split('\n');
}

describe('a process', () => {
  it('[LIFE-07] lives when handlers await nothing and go on after their runs have ended, and hears what they forgot', async () => {
    const asking = 'delete elicit merge publish sample set step';
    expect(await linesOf('unruly.ts')).toEqual([
      `cancelled: ${asking}`,
      `expired: ${asking}`,
      'timeout: delete merge publish set step',
      `finished: ${asking}`,
      `parked: ${asking}`,
      `shutdown: ${asking}`,
      `store-failed: TaskError: broken ${asking}`,
      `request-aborted: ${asking}`,
      'alive',
    ]);
  }, 60_000);

  it('[LIFE-07] hears of a handler that computes for longer than a third of the lease, and goes on', async () => {
    const lines = await linesOf('busy.ts');
    expect(lines.filter((line) => !line.startsWith('blocked'))).toEqual(['compute completed', 'light completed']);
    expect(lines.filter((line) => line.startsWith('blocked'))).toEqual(['blocked true ["compute"]']);
  }, 60_000);
});
