import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const UNRULY = fileURLToPath(new URL('../fixtures/unruly.ts', import.meta.url));

describe('a process whose handlers await nothing and go on after the end of their run', () => {
  it('lives, and hears which effects were forgotten, however the run ended', async () => {
    // Rejects when the process ends with another code than 0.
    const { stdout } = await promisify(execFile)(process.execPath, [
      '--conditions=@mcp-tasks/source',
      '--import=tsx',
      UNRULY,
    ]);
    const asking = 'delete elicit merge publish sample set step';
    expect(stdout.trim().split('\n')).toEqual([
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
});
