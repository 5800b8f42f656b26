import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const MAX_BYTES = 80_000;
const BUILD_TIMEOUT_MS = 60_000;

const packageDirectory = resolve(import.meta.dirname, '..');
const compiler = join(dirname(createRequire(import.meta.url).resolve('typescript-native/package.json')), 'bin', 'tsc');

/** The text of every declaration file that a user's compiler reads. */
async function reachable(file: string, seen = new Map<string, string>()): Promise<Map<string, string>> {
  if (seen.has(file)) return seen;
  const text = await readFile(file, 'utf8');
  seen.set(file, text);
  for (const [, specifier] of text.matchAll(/from '(\.[^']+)'/g)) {
    await reachable(resolve(dirname(file), (specifier ?? '').replace(/\.ts$/, '.d.ts')), seen);
  }
  return seen;
}

describe('the emitted declarations', () => {
  let directory = '';
  let declarations = new Map<string, string>();

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'wire-declarations-'));
    const project = join(packageDirectory, 'tsconfig.build.json');
    await promisify(execFile)(process.execPath, [compiler, '-p', project, '--outDir', directory]);
    declarations = await reachable(join(directory, 'index.d.ts'));
  }, BUILD_TIMEOUT_MS);

  afterAll(() => rm(directory, { recursive: true, force: true }));

  it('show no zod: a user needs none to compile', () => {
    const importing = [...declarations].filter(([, text]) => /zod/i.test(text));
    expect(importing.map(([file]) => file)).toEqual([]);
    expect(declarations.size).toBeGreaterThan(10);
  });

  it('stay readable', () => {
    const bytes = [...declarations.values()].reduce((sum, text) => sum + text.length, 0);
    expect(bytes).toBeLessThan(MAX_BYTES);
    expect([...declarations.values()].join('\n')).toContain(
      'export declare const Task2025Schema: WireSchema<Task2025>;',
    );
  });
});
