import { execFileSync } from 'node:child_process';
import { appendFileSync, chownSync, existsSync, readdirSync, writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describeUnless, freePort, type OwnServer, startServer, whyMissing } from '@mcp-tasks/store-testing/vitest';
import pg from 'pg';

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
export const missingPrograms = await whyMissing('no programs of PostgreSQL', () => {
  if (programs() === undefined) throw new TypeError('initdb is neither in PATH nor in /usr/lib/postgresql');
});

/** Tests with a server of their own. */
export const describeWithPrograms = describeUnless(missingPrograms);

/** What a server is told beside the usual. */
export interface OwnServerOptions {
  /** Lines of `postgresql.conf`. */
  readonly settings?: readonly string[];
  /** Lines of `pg_hba.conf` before the one that lets the superuser in. */
  readonly logins?: readonly string[];
  /** Files beside the data, by name, for the server alone to read. */
  readonly files?: Readonly<Record<string, string>>;
}

/** Make a server and start it. Its URL is the superuser's, whom it asks for no password. */
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
  return startServer({
    port,
    url,
    directory,
    command: path.join(bin, 'postgres'),
    parameters: ['-D', data],
    user,
    isReady: () => answers(url),
    // After a kill the processes of the old one may hold its memory for a moment.
    isTriedAgain: true,
    stopSignal: 'SIGINT',
  });
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
