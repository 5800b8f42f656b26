import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished } from 'vitest';

const FOLDER = path.resolve(import.meta.dirname, '..');

/** Run the program as its start script does, with no terminal, and see what it leaves in the temporary folder. */
async function main(...args: string[]) {
  const temporary = await mkdtemp(path.join(tmpdir(), 'mcp-tasks-workflow-test-'));
  onTestFinished(() => rm(temporary, { recursive: true, force: true }));
  const command = ['--import', 'tsx', '--conditions=@mcp-tasks/source', 'src/main.ts', ...args];
  const env = { ...process.env, TMPDIR: temporary };
  const child = spawn(process.execPath, command, { cwd: FOLDER, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  const left = (await readdir(temporary)).filter((name) => name.startsWith('mcp-tasks'));
  return { stdout, stderr, exitCode: child.exitCode, left };
}

/** The part of the output about one release. */
const partsOf = (stdout: string) => stdout.split('\n\n').filter((part) => part.includes(' over '));

describe('the workflow example', () => {
  it(
    '[WINT-03][WINT-04] prepares a release with a client of each generation and with a server that is killed, and exits with 0',
    { timeout: 180_000 },
    async () => {
      const { stdout, stderr, exitCode, left } = await main('--step-ms', '50', '--date', '2026-09-01');
      expect({ stderr, exitCode, left }).toEqual({ stderr: '', exitCode: 0, left: [] });
      const [over2026 = '', over2025 = '', killed = ''] = partsOf(stdout);
      expect(over2026).toMatch(/^2026-07-28 over HTTP, begun by the prompt\n/);
      expect(over2025).toMatch(/^2025-11-25 over stdio, begun by its tool, as a task\n/);
      const acts = killed === '' ? [over2026, over2025] : [over2026, over2025, killed];
      for (const act of acts) {
        expect(act).toContain('  write_changelog: completed\n  the server hands over:\n');
        expect(act).toContain('  | To continue the workflow');
        expect(act).toContain('  approve_notes: completed\n');
        expect(act).toMatch(/ {2}stage_release: completed\n {2}staged \d+ of \d+ packages/);
      }
      if (killed === '') {
        expect(process.env['CI'] === 'true').toBe(false);
        expect(stdout).toContain('\nNo server is killed, for there is no database that would outlive it: ');
      } else {
        expect(killed).toContain('the server is killed in the middle of write_changelog, and another one started');
      }
      expect(stdout.endsWith('\nEverything is as expected.\n')).toBe(true);
    },
  );

  it('explains itself', { timeout: 60_000 }, async () => {
    const { stdout, exitCode } = await main('--help');
    expect(exitCode).toBe(0);
    expect(stdout).toContain('Usage: prepare-release [options]');
  });

  it('refuses a wrong command line with exit code 2 and one line', { timeout: 60_000 }, async () => {
    for (const args of [
      ['--date', '2026-02-30'],
      ['--date', 'today'],
      ['--step-ms', '-1'],
      ['--step-ms', '99999'],
      ['x'],
    ]) {
      const { stdout, stderr, exitCode } = await main(...args);
      const seen = { exitCode, stdout, lines: stderr.trimEnd().split('\n').length };
      expect(seen, args.join(' ')).toEqual({ exitCode: 2, stdout: '', lines: 1 });
    }
  });
});
