import { once } from 'node:events';
import { spawnEverythingServer } from '@mcp-tasks/example-everything-server/testing';
import { connectClient, type TaskClient } from './client.ts';

/** A server process with a client. */
export interface FaultServer {
  readonly client: TaskClient;
  /** End it at once, as `kill -9` does. */
  kill(): Promise<void>;
  signal(name: 'SIGSTOP' | 'SIGCONT' | 'SIGUSR2'): void;
  /** Let it drain and end; says its exit code. */
  stop(): Promise<number | null>;
}

/** Start an everything-server on a store and a folder for the files of `count_steps`. */
export async function startServer(environment: Readonly<Record<string, string>>): Promise<FaultServer> {
  const { child, lines, ended } = spawnEverythingServer({
    PORT: '0',
    LEASE_MS: '1000',
    MAX_ACTIVE_TASKS: '10000',
    MAX_CRASHES: '100000',
    ...environment,
  });
  const first = await Promise.race([once(lines, 'line').then(([line]) => String(line)), ended]);
  const url = typeof first === 'string' ? /^listening (http:\S+)$/.exec(first)?.[1] : undefined;
  if (url === undefined) throw new TypeError(`the server did not listen: ${JSON.stringify(first)}`);
  const client = await connectClient(url);
  return {
    client,
    async kill() {
      child.kill('SIGKILL');
      await ended;
      await client.close();
    },
    signal: (name) => {
      child.kill(name);
    },
    async stop() {
      await client.close();
      child.kill('SIGTERM');
      return (await ended).exitCode;
    },
  };
}
