import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const PACKAGE = path.resolve(import.meta.dirname, '..');

let scratch: string;

beforeAll(async () => {
  scratch = await mkdtemp(path.join(tmpdir(), 'mcp-tasks-main-'));
});

afterAll(async () => {
  await rm(scratch, { recursive: true, force: true });
});

/** Run the program as `pnpm start` does, with no terminal, and a temporary folder of its own to see what it leaves there. */
async function main(...args: string[]) {
  const temporary = await mkdtemp(path.join(scratch, 'tmp-'));
  const command = ['--import', 'tsx', '--conditions=@mcp-tasks/source', 'src/main.ts', ...args];
  const env = { ...process.env, TMPDIR: temporary, INIT_CWD: scratch };
  const child = spawn(process.execPath, command, { cwd: PACKAGE, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  const left = (await readdir(temporary)).filter((name) => name.startsWith('mcp-tasks'));
  return { stdout, stderr, exitCode: child.exitCode, left };
}

describe('the demo', () => {
  it('[EXMP-01] hashes a directory as a task of each generation, cancels a second one, and exits with 0', async () => {
    const directory = path.join(scratch, 'tree');
    await mkdir(path.join(directory, 'below'), { recursive: true });
    for (let index = 0; index < 30; index += 1) {
      await writeFile(
        path.join(directory, index % 2 === 0 ? 'below' : '.', `file-${String(index)}`),
        'x'.repeat(index),
      );
    }
    const { stdout, stderr, exitCode, left } = await main('tree', '--checkpoint-every', '7', '--seconds', '0.5');
    expect({ stderr, exitCode, left }).toEqual({ stderr: '', exitCode: 0, left: [] });
    expect(stdout).toContain('counted here: 30 files, 435 bytes');
    const generations = stdout.split('\n\n').filter((part) => part.includes(' over '));
    expect(generations.map((part) => part.split('\n')[0])).toEqual(['2026-07-28 over HTTP', '2025-11-25 over stdio']);
    for (const generation of generations) {
      expect(generation).toContain('hash 30 of 30 files');
      expect(generation).toContain('result: 30 files, 435 bytes');
      expect(generation).toContain('the same as counted here');
      expect(generation).toMatch(/cancelled; \d+ files opened, 0 of them after the signal/);
    }
    expect(stdout.endsWith('\nEverything is as expected.\n')).toBe(true);
  }, 180_000);

  it('works on a directory without files', async () => {
    const directory = path.join(scratch, 'empty');
    await mkdir(directory);
    const { stdout, exitCode } = await main(directory);
    expect(exitCode).toBe(0);
    expect(stdout.match(/result: 0 files, 0 bytes/g)).toHaveLength(2);
  }, 180_000);

  it('prints how to use it', async () => {
    const { stdout, exitCode } = await main('--help');
    expect(exitCode).toBe(0);
    expect(stdout).toContain('Usage: mcp-tasks-demo [options] [directory]');
  });

  it('exits with 2 and one line when the command line is wrong', async () => {
    const wrong = [
      ['no-such-directory'],
      ['--checkpoint-every', '0'],
      ['--checkpoint-every', '1.5'],
      ['--seconds', '-1'],
      ['--seconds', ''],
      ['--unknown'],
      ['one', 'two'],
    ];
    for (const args of wrong) {
      const { stdout, stderr, exitCode } = await main(...args);
      const seen = { exitCode, stdout, lines: stderr.trimEnd().split('\n').length };
      expect(seen, args.join(' ')).toEqual({ exitCode: 2, stdout: '', lines: 1 });
    }
  }, 180_000);
});
