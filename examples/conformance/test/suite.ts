import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The suite's program needs this Node or newer. */
const SUITE_NODE_MAJOR = 22;
const SUITE_NODE = 'node@22.23.3';

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

/** Find the suite and a Node that can run it: this one, or else one that npx fetches. */
export async function openSuite(): Promise<Suite> {
  const packageJson = createRequire(import.meta.url).resolve('@modelcontextprotocol/conformance/package.json');
  const program = join(dirname(packageJson), 'dist', 'index.js');
  const node = await suiteNode();
  return {
    scenarios: async () => {
      const { stdout } = await run(node, [program, 'list', '--server']);
      return [...stdout.matchAll(/^ +- (\S+)/gm)].map(([, name]) => name ?? '');
    },
    check: async (scenario, url) => {
      const directory = await mkdtemp(join(tmpdir(), 'conformance-'));
      try {
        const failure = await run(node, [
          program,
          'server',
          '--url',
          url,
          '--scenario',
          scenario,
          '-o',
          directory,
        ]).then(
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

async function suiteNode(): Promise<string> {
  if (Number.parseInt(process.versions.node, 10) >= SUITE_NODE_MAJOR) return process.execPath;
  const { stdout } = await run('npx', ['-y', '-p', SUITE_NODE, 'node', '-p', 'process.execPath'], {
    shell: process.platform === 'win32',
  });
  return stdout.trim();
}

async function readChecks(directory: string): Promise<Check[]> {
  const files = (await readdir(directory, { recursive: true })).filter((file) => file.endsWith('checks.json'));
  const texts = await Promise.all(files.map((file) => readFile(join(directory, file), 'utf8')));
  return texts.flatMap((text) => JSON.parse(text) as Check[]);
}
