import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { until } from './until.ts';

/** A database server of a test's own: on a free port, with data in a directory of its own. */
export interface OwnServer {
  readonly port: number;
  readonly url: string;
  /** Start it; resolves once it takes connections and has read its data. */
  start(): Promise<void>;
  /** End it by SIGKILL: no checkpoint, no goodbye. What it had acknowledged is on the disk. */
  kill(): Promise<void>;
  /** End it and remove its data. */
  remove(): Promise<void>;
}

/** How a server is run. */
export interface ServerProgram {
  readonly port: number;
  readonly url: string;
  /** Everything of the server; removed with it. */
  readonly directory: string;
  readonly command: string;
  readonly parameters: readonly string[];
  /** The user that it runs as, where that is not ours. */
  readonly user?: { readonly uid?: number; readonly gid?: number };
  /** Whether it takes connections; `log` is what it printed since it was started. */
  readonly isReady: (log: string) => boolean | Promise<boolean>;
  /** Whether it is started again when it ends before it is ready. Default false: that is a failure. */
  readonly isTriedAgain?: boolean;
  /** Signal that ends it before its data are removed. Default: SIGKILL. */
  readonly stopSignal?: NodeJS.Signals;
}

/** Start a server, and hand it over once it is ready. It ends with this process at the latest. */
export async function startServer(program: ServerProgram): Promise<OwnServer> {
  const { port, url, directory, command, parameters, user = {}, stopSignal = 'SIGKILL' } = program;
  let child: ChildProcess | undefined;
  let log = '';
  const running = () => (child?.exitCode === null && child.signalCode === null ? child : undefined);
  const run = () => {
    log = '';
    child = spawn(command, parameters, { ...user, cwd: directory, stdio: ['ignore', 'pipe', 'ignore'] });
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      log += text;
    });
  };
  const end = async (signal: NodeJS.Signals) => {
    const server = running();
    if (server === undefined) return;
    const gone = once(server, 'exit');
    server.kill(signal);
    await gone;
  };
  const orphan = () => child?.kill('SIGKILL');
  process.once('exit', orphan);
  const server: OwnServer = {
    port,
    url,
    async start() {
      run();
      await until('the answer of a server that was started', () => {
        if (!running()) {
          if (program.isTriedAgain !== true)
            throw new TypeError(`"${command}" did not start. It printed: ${JSON.stringify(log)}.`);
          run();
        }
        return program.isReady(log);
      });
    },
    kill: () => end('SIGKILL'),
    async remove() {
      process.off('exit', orphan);
      await end(stopSignal);
      await rm(directory, { recursive: true, force: true });
    },
  };
  await server.start();
  return server;
}

/** A port of 127.0.0.1 that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
