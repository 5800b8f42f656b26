import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';

const SERVE = path.join(import.meta.dirname, 'serve.ts');

/** A server in a process of its own. */
export interface ServerProcess {
  readonly url: URL;
  /** End it at once, as `kill -9` does. */
  kill(): Promise<void>;
  /** Let it drain and end. */
  close(): Promise<void>;
}

/** Start the server on a free port of this machine, on this database. Its errors appear among ours. */
export async function startServer(database: string, logFile: string): Promise<ServerProcess> {
  const child = spawn(process.execPath, [...process.execArgv, SERVE, database, logFile], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const lines = createInterface({ input: child.stdout });
  const first = await Promise.race([once(lines, 'line'), exited.then(() => undefined)]);
  const url = /^listening (http:\S+)$/.exec(String(first?.[0]))?.[1];
  if (url === undefined) throw new TypeError('the server did not say where it listens');
  return {
    url: new URL(url),
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
    async close() {
      child.stdin.end();
      await exited;
    },
  };
}
