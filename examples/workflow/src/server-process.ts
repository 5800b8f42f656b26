import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';

const SERVE = path.join(import.meta.dirname, 'serve.ts');

/** Paths that a server works on. */
export interface ServerSettings {
  readonly repository: string;
  /** Where it writes drafts and the log of its steps. */
  readonly folder: string;
  readonly stepMs: number;
  /** A SQLite file, or `memory`. */
  readonly database: string;
}

/** How to start the server on a transport: this Node, with the options that let it run TypeScript. */
export function serverCommand(transport: 'http' | 'stdio', settings: ServerSettings) {
  const { repository, folder, stepMs, database } = settings;
  const args = [...process.execArgv, SERVE, transport, repository, folder, `${stepMs}`, database];
  return { command: process.execPath, args };
}

/** A server that listens on HTTP in a process of its own. */
export interface HttpServerProcess {
  readonly url: URL;
  /** End it at once, as `kill -9` does. */
  kill(): Promise<void>;
  /** Let it drain and end. */
  close(): Promise<void>;
}

/** Start the server on HTTP, on a free port of this machine. Its errors appear among ours. */
export async function startHttpServer(settings: ServerSettings): Promise<HttpServerProcess> {
  const { command, args } = serverCommand('http', settings);
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
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
