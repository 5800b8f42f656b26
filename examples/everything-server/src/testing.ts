// For tests of this and other packages: the built server as a process of its own.
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** The program that `node` runs. */
export const EVERYTHING_SERVER_PATH = fileURLToPath(new URL('../dist/main.js', import.meta.url));

/** How a process ended. */
export interface EndedServer {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A running process of the server. */
export interface RunningServer {
  readonly child: ChildProcessWithoutNullStreams;
  /** Lines of standard output: listen for `line`. */
  readonly lines: Interface;
  readonly ended: Promise<EndedServer>;
}

/** Start the server with these variables and nothing else of the environment. */
export function spawnEverythingServer(environment: Readonly<Record<string, string>>): RunningServer {
  const child = spawn(process.execPath, [EVERYTHING_SERVER_PATH], { env: environment, stdio: 'pipe' });
  const output = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (chunk: string) => {
      output[stream] += chunk;
    });
  }
  return {
    child,
    lines: createInterface({ input: child.stdout }),
    ended: once(child, 'close').then(([exitCode]) => ({ exitCode: exitCode as number | null, ...output })),
  };
}

/** A server that answers on HTTP. */
export interface HttpServerProcess {
  readonly url: string;
  /** Send SIGTERM and wait for the end. */
  stop(): Promise<EndedServer>;
}

/** Start the server on a free port and wait until it listens. */
export async function startEverythingServer(
  environment: Readonly<Record<string, string>> = {},
): Promise<HttpServerProcess> {
  const { child, lines, ended } = spawnEverythingServer({ PORT: '0', ...environment });
  const first = await Promise.race([once(lines, 'line').then(([line]) => String(line)), ended]);
  const url = typeof first === 'string' ? /^listening (http:\S+)$/.exec(first)?.[1] : undefined;
  if (url === undefined) {
    child.kill();
    const { exitCode, stdout, stderr } = await ended;
    throw new Error(`the server ended with code ${String(exitCode)} before it listened: ${stdout}${stderr}`);
  }
  return {
    url,
    stop: () => {
      child.kill('SIGTERM');
      return ended;
    },
  };
}
