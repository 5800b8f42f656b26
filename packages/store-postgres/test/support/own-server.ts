import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, chownSync, existsSync, readdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { describe } from 'vitest';
import { until } from './until.ts';

/** A PostgreSQL server of a test's own: on a free port, with data in a directory of its own. */
export interface OwnServer {
  readonly port: number;
  /** The superuser's connection, for which no password is asked. */
  readonly url: string;
  /** Start it; resolves once it answers. */
  start(): Promise<void>;
  /** End it by SIGKILL: no checkpoint, no goodbye. What it had acknowledged is in its log. */
  kill(): Promise<void>;
  /** End it and remove its data. */
  remove(): Promise<void>;
}

const SUPERUSER = 'postgres';

/** Where the programs of PostgreSQL are. */
function programs(): string | undefined {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).sort((one, other) => Number(other) - Number(one)) : [];
  const directories = [
    ...versions.map((version) => path.join(debian, version, 'bin')),
    ...(process.env['PATH'] ?? '').split(':'),
  ];
  return directories.find((directory) => existsSync(path.join(directory, 'initdb')));
}

/** PostgreSQL refuses to run as root; root runs it as the user that its package made. */
function serverUser(): { readonly uid?: number; readonly gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const idOf = (flag: string) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: idOf('-u'), gid: idOf('-g') };
}

/** Why tests that need a server of their own cannot run here; undefined when they can. With CI=true that is a failure. */
export const missingPrograms = ((): string | undefined => {
  if (programs() !== undefined) return undefined;
  const reason = 'no initdb of PostgreSQL in PATH or /usr/lib/postgresql';
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
  /** Lines of `postgresql.conf`. */
  readonly settings?: readonly string[];
  /** Lines of `pg_hba.conf` before the one that lets the superuser in. */
  readonly logins?: readonly string[];
  /** Files beside the data, by name, for the server alone to read. */
  readonly files?: Readonly<Record<string, string>>;
}

/** Make a server and start it. */
export async function ownServer({ settings = [], logins = [], files = {} }: OwnServerOptions = {}): Promise<OwnServer> {
  const directory = await mkdtemp(path.join(tmpdir(), 'mcp-tasks-postgres-'));
  const data = path.join(directory, 'data');
  const bin = programs() ?? '';
  const user = serverUser();
  if (user.uid !== undefined && user.gid !== undefined) chownSync(directory, user.uid, user.gid);
  const initdb = ['--no-sync', '--no-locale', '--encoding=UTF8', `--username=${SUPERUSER}`, '--auth=trust', '-D', data];
  execFileSync(path.join(bin, 'initdb'), initdb, { ...user, cwd: directory, stdio: ['ignore', 'ignore', 'pipe'] });
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(data, name);
    writeFileSync(file, text, { mode: 0o600 });
    if (user.uid !== undefined && user.gid !== undefined) chownSync(file, user.uid, user.gid);
  }
  writeFileSync(path.join(data, 'pg_hba.conf'), [...logins, `host all ${SUPERUSER} 127.0.0.1/32 trust`, ''].join('\n'));
  const port = await freePort();
  const usual = [
    `port = ${port}`,
    "listen_addresses = '127.0.0.1'",
    "unix_socket_directories = ''",
    "shared_buffers = '16MB'",
  ];
  appendFileSync(path.join(data, 'postgresql.conf'), [...usual, ...settings, ''].join('\n'));
  const url = `postgres://${SUPERUSER}@127.0.0.1:${port}/postgres`;

  let child: ChildProcess | undefined;
  const running = () => (child?.exitCode === null && child.signalCode === null ? child : undefined);
  const run = () => {
    child = spawn(path.join(bin, 'postgres'), ['-D', data], { ...user, cwd: directory, stdio: 'ignore' });
  };
  const end = async (signal: NodeJS.Signals) => {
    const process = running();
    if (process === undefined) return;
    const gone = once(process, 'exit');
    process.kill(signal);
    await gone;
  };
  const orphan = () => child?.kill('SIGKILL');
  process.once('exit', orphan);
  const server: OwnServer = {
    port,
    url,
    async start() {
      await until('the answer of a server that was started', async () => {
        // After a kill the processes of the old one may hold its memory for a moment.
        if (!running()) run();
        return answers(url);
      });
    },
    kill: () => end('SIGKILL'),
    async remove() {
      process.off('exit', orphan);
      await end('SIGINT');
      await rm(directory, { recursive: true, force: true });
    },
  };
  await server.start();
  return server;
}

async function answers(connectionString: string): Promise<boolean> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 2_000 });
  client.on('error', () => undefined); // the same as what connect or the query rejects with
  try {
    await client.connect();
    await client.query('SELECT 1');
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined); // it may never have connected
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
