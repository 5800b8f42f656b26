import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const PROGRAM = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const TIMEOUT_MS = 120_000;

function run(...args: string[]): Promise<{ exitCode: number | null; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const command = ['--conditions=@mcp-tasks/source', '--import', 'tsx', PROGRAM, ...args];
    const child = execFile(process.execPath, command, (_error, stdout, stderr) => {
      resolve({ exitCode: child.exitCode, stdout, stderr });
    });
  });
}

describe('the http-auth example', () => {
  it(
    '[SEC-02] ends with 0 where two users cannot see the tasks of each other',
    async () => {
      const { exitCode, stdout, stderr } = await run();
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
      expect(stdout.match(/^ok {2}/gm)).toHaveLength(8);
    },
    TIMEOUT_MS,
  );

  it(
    'ends with 1 where they can',
    async () => {
      const { exitCode, stderr } = await run('--same-owner');
      expect(exitCode).toBe(1);
      expect(stderr).toContain('the server allowed what it must refuse');
    },
    TIMEOUT_MS,
  );

  it(
    'says how to use it',
    async () => {
      const { exitCode, stdout } = await run('--help');
      expect(exitCode).toBe(0);
      expect(stdout).toContain('--same-owner');
    },
    TIMEOUT_MS,
  );
});
