import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The suite, and the Node that its program needs. npx fetches both, so that no install of the workspace has to. */
const PACKAGES = ['@modelcontextprotocol/conformance@0.2.0-alpha.12', 'node@22.23.3'];

/** The suite's own is too short for a busy machine. */
const SCENARIO_TIMEOUT_MS = '120000';

/** What the suite says of one requirement. */
export interface Check {
  readonly id: string;
  readonly status: 'SUCCESS' | 'FAILURE' | 'WARNING' | 'SKIPPED' | 'INFO';
  readonly errorMessage?: string;
}

/** The official conformance suite as a program. */
export interface Suite {
  /** Names of its scenarios for servers. */
  scenarios(): Promise<string[]>;
  /** Run one scenario against a server. */
  check(scenario: string, url: string): Promise<Check[]>;
}

/** Fetch the suite. */
export async function openSuite(): Promise<Suite> {
  const shell = process.platform === 'win32';
  const packages = PACKAGES.flatMap((name) => ['-p', name]);
  const { stdout } = await run('npx', ['-y', ...packages, 'node', '-p', 'process.env.PATH'], { shell });
  const env = { ...process.env, PATH: stdout.trim() };
  const suite = (...args: string[]) => run('conformance', args, { env, shell });
  return {
    scenarios: async () => {
      const listed = await suite('list', '--server');
      return [...listed.stdout.matchAll(/^ +- (\S+)/gm)].map(([, name]) => name ?? '');
    },
    check: async (scenario, url) => {
      const directory = await mkdtemp(join(tmpdir(), 'conformance-'));
      try {
        const failure = await suite(
          ...['server', '--url', url, '--scenario', scenario, '--timeout', SCENARIO_TIMEOUT_MS, '-o', directory],
        ).then(
          () => undefined,
          (error: unknown) => error,
        );
        const checks = await readChecks(directory);
        // A scenario with failing checks exits with 1 and has written them; other trouble leaves nothing to read.
        if (failure !== undefined && checks.length === 0)
          throw new Error(`${scenario} did not run`, { cause: failure });
        return checks;
      } finally {
        await rm(directory, { recursive: true });
      }
    },
  };
}

async function readChecks(directory: string): Promise<Check[]> {
  const files = (await readdir(directory, { recursive: true })).filter((file) => file.endsWith('checks.json'));
  const texts = await Promise.all(files.map((file) => readFile(join(directory, file), 'utf8')));
  return texts.flatMap((text) => JSON.parse(text) as Check[]);
}
