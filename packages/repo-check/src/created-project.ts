import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A project that `create-mcp-tasks` has written. */
export interface CreatedProject {
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** Node.js of a version: the one that runs the tests, or one that npm fetches. */
export async function nodeOf(version: string): Promise<string> {
  if (process.versions.node.startsWith(`${version}.`)) return process.execPath;
  const ask = ['--yes', `--package=node@${version}`, 'node', '--print', 'process.execPath'];
  const { stdout } = await promisify(execFile)('npx', ask, { shell: process.platform === 'win32' });
  return stdout.trim();
}

/** The environment in which `node` is the one of a path. */
export function environmentOf(node: string): Readonly<Record<string, string>> {
  const places = [path.dirname(node), process.env['PATH'] ?? ''].join(path.delimiter);
  return { PATH: places };
}

/** Run a script of a project. @returns what it printed; rejects with that when it fails. */
export async function runScript({ directory, environment }: CreatedProject, script: string): Promise<string> {
  const options = { cwd: directory, env: { ...process.env, ...environment } };
  return run('npm', ['run', '--silent', script], options).then(
    ({ stdout }) => stdout,
    (error: unknown) => {
      const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
      throw new TypeError(`${stdout}${stderr}\nThe script "${script}" failed in ${directory}.`, { cause: error });
    },
  );
}

/** Start the server of a project, use it, and stop it by SIGTERM. @returns what `use` answered. */
export async function withServer<Answer>(
  { directory, environment }: CreatedProject,
  use: (port: string) => Promise<Answer>,
): Promise<Answer> {
  const port = await freePort();
  const env = { ...process.env, ...environment, PORT: port };
  const child = spawn('npm', ['run', '--silent', 'start'], {
    cwd: directory,
    env,
    // A group of its own: npm does not hand signals on to what it runs.
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const closed = once(child, 'close');
  try {
    const listening = once(createInterface({ input: child.stdout }), 'line');
    const first = await Promise.race([listening, closed]);
    if (String(first[0]) !== `Listening on http://127.0.0.1:${port}/mcp`) {
      throw new TypeError(`The server in ${directory} said ${String(first[0])}.`);
    }
    return await use(port);
  } finally {
    stopGroup(child);
    await closed;
  }
}

function stopGroup({ pid, exitCode }: ChildProcess): void {
  if (pid !== undefined && exitCode === null) process.kill(-pid, 'SIGTERM');
}

async function freePort(): Promise<string> {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return String(port);
}
