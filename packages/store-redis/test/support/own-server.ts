import { execFileSync } from 'node:child_process';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describeUnless, freePort, type OwnServer, startServer, whyMissing } from '@mcp-tasks/store-testing/vitest';

/** Why tests that need a server of their own cannot run here; undefined when they can. With CI=true that is a failure. */
export const missingPrograms = await whyMissing('no redis-server in PATH', () =>
  execFileSync('redis-server', ['--version'], { stdio: 'ignore' }),
);

/** Tests with a server of their own. */
export const describeWithPrograms = describeUnless(missingPrograms);

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
  return startServer({
    port,
    url: `${isTls ? 'rediss' : 'redis'}://127.0.0.1:${port}`,
    directory,
    command: 'redis-server',
    parameters: [file],
    isReady: (log) => log.includes('Ready to accept connections'),
  });
}
