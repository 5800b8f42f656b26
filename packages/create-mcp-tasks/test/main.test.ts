import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const MAIN = path.join(import.meta.dirname, '../dist/main.js');

describe('the command without a terminal', () => {
  let folder: string;

  const run = async (...words: string[]) =>
    promisify(execFile)(process.execPath, [MAIN, ...words], { cwd: folder, env: { PATH: process.env['PATH'] } }).then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      (error: unknown) => {
        const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
        return { code, stdout, stderr };
      },
    );

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'create-mcp-tasks-'));
  });

  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  it('asks nothing, takes the defaults, and says in plain lines what it wrote and the next two commands', async () => {
    const { code, stdout, stderr } = await run();
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.split('\n')).toEqual([
      expect.stringMatching(/^Wrote my-tasks \(stdio, memory, TypeScript\): package\.json, /),
      '',
      'Next:',
      '  cd my-tasks && npm install',
      '  npm run client',
      '',
    ]);
    expect(await readdir(folder)).toEqual(['my-tasks']);
  });

  it('shows every option with --help, and writes nothing', async () => {
    const { code, stdout } = await run('--help');
    expect(code).toBe(0);
    for (const option of ['--name', '--transport', '--store', '--language', '--yes', '--help']) {
      expect(stdout).toContain(option);
    }
    expect(await readdir(folder)).toEqual([]);
  });

  it('writes into a folder that is there and empty', async () => {
    await mkdir(path.join(folder, 'reports'));
    expect(await run('reports', '--yes')).toMatchObject({ code: 0 });
    expect(await readdir(path.join(folder, 'reports'))).toContain('package.json');
  });

  it('refuses a folder with anything in it, a file in its place, and a wrong option: one sentence, nothing written', async () => {
    await mkdir(path.join(folder, 'full'));
    await writeFile(path.join(folder, 'full/.hidden'), '');
    await writeFile(path.join(folder, 'file'), '');
    expect(await run('full')).toEqual({
      code: 1,
      stdout: '',
      stderr: 'The folder "full" is not empty. Take another name, or empty it first.\n',
    });
    expect(await run('file')).toEqual({
      code: 1,
      stdout: '',
      stderr: 'There is a file "file" already. Take another name.\n',
    });
    expect(await run('new', '--store', 'mongo')).toMatchObject({ code: 1, stderr: /^"mongo" is not a value/ });
    expect(await readdir(folder)).toEqual(['file', 'full']);
    expect(await readdir(path.join(folder, 'full'))).toEqual(['.hidden']);
  });
});
