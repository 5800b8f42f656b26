import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type FaultServer, startServer } from './server.ts';
import { until } from './until.ts';

const PRELOAD = new URL('./wall-clock.mjs', import.meta.url).href;

/** A server process whose wall clock can be set. */
export interface ClockedServer extends FaultServer {
  /** Set the wall clock this far from the truth; resolves when the server goes by it. */
  setWallClock(errorMs: number): Promise<void>;
}

/** Start a server whose wall clock is this far from the truth. */
export async function startClockedServer(
  environment: Readonly<Record<string, string>>,
  folder: string,
  errorMs = 0,
): Promise<ClockedServer> {
  const file = path.join(folder, 'wall-clock');
  writeFileSync(file, String(errorMs));
  const server = await startServer({ ...environment, NODE_OPTIONS: `--import=${PRELOAD}`, WALL_CLOCK: file });
  return {
    ...server,
    async setWallClock(nextMs) {
      writeFileSync(file, String(nextMs));
      server.signal('SIGUSR2');
      await until('the wall clock is set', () => readFileSync(`${file}.set`, 'utf8') === String(nextMs));
    },
  };
}
