import { execFile } from 'node:child_process';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const FOLDER = path.resolve(import.meta.dirname, '..');
const MAIN = path.join(FOLDER, 'src/main.ts');

interface Ended {
  readonly code: number | string | null | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

function run(...args: string[]): Promise<Ended> {
  const flags = ['--conditions=@mcp-tasks/source', '--import', import.meta.resolve('tsx'), MAIN];
  return new Promise((resolve) => {
    execFile(process.execPath, [...flags, ...args], { cwd: FOLDER }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : error.code, stdout, stderr });
    });
  });
}

describe.concurrent('the crash-recovery example', () => {
  it(
    '[DURA-01][DURA-02] ends every task once, and runs no stored step again, when its server is killed twice',
    { timeout: 180_000 },
    async () => {
      const { code, stdout, stderr } = await run('--tasks', '3', '--batches', '6', '--batch-ms', '100', '--kills', '2');
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toContain('kill 2:');
      expect(stdout).toContain('all 3 tasks completed; 18 steps');
      expect(stdout).toMatch(/Everything is as expected\.\n$/);
    },
  );

  it('explains itself', { timeout: 60_000 }, async () => {
    const { code, stdout } = await run('--help');
    expect(code).toBe(0);
    expect(stdout).toContain('--kills <count>');
  });

  it('refuses a wrong command line with exit code 2', { timeout: 60_000 }, async () => {
    const { code, stderr } = await run('--tasks', 'many');
    expect(code).toBe(2);
    expect(stderr).toContain('It is a whole number from 1 to 50.');
  });
});
