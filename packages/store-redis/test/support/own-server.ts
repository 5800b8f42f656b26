import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe } from 'vitest';
import { until } from './until.ts';

/** A Redis server of a test's own: on a free port, with data in a directory of its own. */
export interface OwnServer {
  readonly port: number;
  readonly url: string;
  /** Start it; resolves once it takes connections and has read its data. */
  start(): Promise<void>;
  /** End it by SIGKILL. What it had acknowledged is in its append-only file. */
  kill(): Promise<void>;
  /** End it and remove its data. */
  remove(): Promise<void>;
}

/** Why tests that need a server of their own cannot run here; undefined when they can. With CI=true that is a failure. */
export const missingPrograms = ((): string | undefined => {
  if (spawnSync('redis-server', ['--version']).status === 0) return undefined;
  const reason = 'no redis-server in PATH';
  if (process.env['CI'] === 'true') throw new TypeError(reason);
  console.warn(`skipped: ${reason}`);
  return reason;
})();

/** Tests with a server of their own. */
export function describeWithPrograms(name: string, tests: () => void): void {
  describe.skipIf(missingPrograms)(name, tests); // there are no programs for one, which CI=true makes a failure above
}

/** What a server is told beside the usual. */
export interface OwnServerOptions {
  /** Settings of `redis.conf` by name; TLS needs `tls-port` 0 replaced by the port, see `isTls`. */
  readonly settings?: readonly string[];
  readonly isTls?: boolean;
  /** Files in the directory that the settings may name. */
  readonly files?: Readonly<Record<string, string>>;
}

/** Settings under which an acknowledged write is on the disk. */
const DURABLE = ['appendonly yes', 'appendfsync always', 'save ""'];

/** Make a server and start it. */
export async function ownServer({
  settings = [],
  isTls = false,
  files = {},
}: OwnServerOptions = {}): Promise<OwnServer> {
  const directory = await mkdtemp(path.join(tmpdir(), 'mcp-tasks-redis-'));
  for (const [name, text] of Object.entries(files)) await writeFile(path.join(directory, name), text);
  const port = await freePort();
  const listening = isTls ? ['port 0', `tls-port ${port}`] : [`port ${port}`];
  const all = [...listening, 'bind 127.0.0.1', `dir ${directory}`, ...DURABLE, ...settings, ''];
  const file = path.join(directory, 'redis.conf');
  await writeFile(file, all.join('\n'));

  let child: ChildProcess | undefined;
  const end = async (signal: NodeJS.Signals) => {
    if (child?.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
  };
  const orphan = () => child?.kill('SIGKILL');
  process.once('exit', orphan);
  const server: OwnServer = {
    port,
    url: `${isTls ? 'rediss' : 'redis'}://127.0.0.1:${port}`,
    async start() {
      child = spawn('redis-server', [file], { cwd: directory, stdio: ['ignore', 'pipe', 'ignore'] });
      let log = '';
      child.stdout?.setEncoding('utf8').on('data', (text: string) => {
        log += text;
      });
      await until('a server that was started', () => {
        if (child?.exitCode !== null) throw new TypeError(`redis-server did not start: ${log}`);
        return log.includes('Ready to accept connections');
      });
    },
    kill: () => end('SIGKILL'),
    async remove() {
      process.off('exit', orphan);
      await end('SIGKILL');
      await rm(directory, { recursive: true, force: true });
    },
  };
  await server.start();
  return server;
}

/** A port that nobody listens at. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
