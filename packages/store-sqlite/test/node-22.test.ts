import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { temporaryFile } from './support/database.ts';
import { DRIVERS } from './support/drivers.ts';

const PACKAGE = dirname(import.meta.dirname);
const VITEST = join(dirname(fileURLToPath(import.meta.resolve('vitest/package.json'))), 'vitest.mjs');
const ON_NODE_22 = ['--yes', '--package=node@22', 'node'];

interface Report {
  readonly testResults: readonly { readonly assertionResults: readonly Result[] }[];
}

interface Result {
  readonly fullName: string;
  readonly status: string;
}

/** Run npx in this package; its exit code and what it printed. */
async function npx(parameters: readonly string[]) {
  // Vitest tells its own processes by these variables, and this one is not to be one of them, nor to report where they do.
  const inherited = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('VITEST') && name !== 'TEST_REPORT_DIR',
  );
  const env = { ...Object.fromEntries(inherited), NODE_NO_WARNINGS: '1' };
  const child = spawn('npx', parameters, { cwd: PACKAGE, env, shell: process.platform === 'win32' });
  let printed = '';
  child.stdout.on('data', (part) => (printed += String(part)));
  child.stderr.on('data', (part) => (printed += String(part)));
  const [code] = (await once(child, 'close')) as [number];
  return { code, printed };
}

const hasBuiltIn = DRIVERS.some(({ name }) => name === 'node:sqlite');

it.skipIf(hasBuiltIn)(
  'does all of this with node:sqlite of Node.js 22, too',
  async (context) => {
    const version = await npx([...ON_NODE_22, '--version']);
    if (version.code !== 0 && process.env['CI'] !== 'true') {
      context.skip(`Node.js 22 cannot be fetched here: ${version.printed}`);
    }
    expect(version.printed).toContain('v22.');

    const file = temporaryFile();
    const { code, printed } = await npx([
      ...ON_NODE_22,
      VITEST,
      'run',
      '--reporter=json',
      `--outputFile=${file}`,
      '--exclude=test/node-22.test.ts',
    ]);
    expect(existsSync(file), printed).toBe(true);
    const report = JSON.parse(readFileSync(file, 'utf8')) as Report;
    const results = report.testResults.flatMap(({ assertionResults }) => assertionResults);
    expect(results.filter(({ status }) => status === 'failed')).toEqual([]);
    expect(code, printed).toBe(0);
    const passed = results.filter(({ status }) => status === 'passed').map(({ fullName }) => fullName);
    expect(passed.filter((name) => name.startsWith('SQLite with node:sqlite')).length).toBeGreaterThan(50);
    expect(passed.filter((name) => name.startsWith('SQLite with better-sqlite3'))).toEqual([]);
  },
  900_000,
);
