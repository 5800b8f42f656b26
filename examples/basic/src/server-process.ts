import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';

const SERVE = path.join(import.meta.dirname, 'serve.ts');

/** How to start the server half on a transport: this Node, with the options that let it run TypeScript. */
export function serverCommand(transport: 'http' | 'stdio', directory: string, logFile: string) {
  return { command: process.execPath, args: [...process.execArgv, SERVE, transport, directory, logFile] };
}

/** A server half that listens on HTTP in a process of its own. */
export interface HttpServerProcess {
  readonly url: URL;
  /** End the process and wait for it. */
  close(): Promise<void>;
}

/** Start the server half on HTTP, on a free port of this machine. Its errors appear among ours. */
export async function startHttpServer(directory: string, logFile: string): Promise<HttpServerProcess> {
  const { command, args } = serverCommand('http', directory, logFile);
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const lines = createInterface({ input: child.stdout });
  const first = await Promise.race([once(lines, 'line'), exited.then(() => undefined)]);
  const url = /^listening (http:\S+)$/.exec(String(first?.[0]))?.[1];
  if (url === undefined) throw new TypeError('the server did not say where it listens');
  return {
    url: new URL(url),
    async close() {
      child.stdin.end();
      await exited;
    },
  };
}
